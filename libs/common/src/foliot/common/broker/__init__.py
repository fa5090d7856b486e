"""RabbitMQ: links, queues and the messages on them."""
