# Fluentd with its Elasticsearch output. The client is pinned: one of another major version is refused by the server.
ARG FLUENTD_IMAGE=fluent/fluentd:v1.19.3-debian-2.2
FROM ${FLUENTD_IMAGE}
USER root
RUN gem install elasticsearch --version 8.19.0 --no-document \
 && gem install fluent-plugin-elasticsearch --version 6.0.0 --minimal-deps --no-document
USER fluent
