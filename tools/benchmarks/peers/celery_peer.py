"""Celery: RabbitMQ, results in PostgreSQL, acks after the result, confirmed persistent publishes, prefork of 2."""

from __future__ import annotations

import os

from celery import Celery

from benchmarks.peers.environment import AMQP_URL, DATABASE_URL, serve_commands, timed

app = Celery("bench", broker=AMQP_URL, backend="db+" + DATABASE_URL.replace("postgresql:", "postgresql+psycopg2:"))
app.conf.update(
    task_acks_late=True,
    task_track_started=bool(os.environ.get("BENCH_TRACK_STARTED")),
    worker_prefetch_multiplier=64,
    worker_disable_rate_limits=True,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
    broker_heartbeat=0,
    result_expires=None,
)


@app.task(name="noop")
def noop() -> None:
    return None


def setup() -> None:
    app.backend.ResultSession()


def enqueue(count: int) -> float:
    with app.connection_for_write() as connection:
        producer = app.amqp.Producer(connection, auto_declare=True)
        noop.apply_async((), producer=producer)

        def rest() -> None:
            for _ in range(count - 1):
                noop.apply_async((), producer=producer)

        return timed(rest)


def work() -> None:
    arguments = ["--pool=prefork", "--concurrency=2", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    app.worker_main(["worker", *arguments, "-Ofair", "--loglevel=WARNING"])


if __name__ == "__main__":
    serve_commands(setup=setup, enqueue=enqueue, work=work)
