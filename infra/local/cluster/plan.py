"""All parts of the local cluster, in the order in which they are shown."""

from functools import cached_property
from pathlib import Path

from cluster import passed_on, services
from cluster.alertmanager import Alertmanager
from cluster.command import run
from cluster.definition import HOST, Definition, Part, Step, minimal_environment, service_of
from cluster.demo import create_demo
from cluster.layout import REPOSITORY, Layout
from cluster.postgres import Postgres, url
from cluster.prometheus import Prometheus
from cluster.rabbitmq import RabbitMQ
from cluster.replica import Replica
from cluster.settings import ROLES, Settings, read_passwords, read_ports
from cluster.zookeeper import ZooKeeper
from monitoring.alerting import read_settings


class Plan:
    """Read from the files of a layout, which must be settled; `settings`: others than those that are remembered."""

    def __init__(self, layout: Layout, settings: Settings | None = None) -> None:
        self.layout = layout
        self.settings = settings or Settings.read(layout.settings)
        self.ports = ports = read_ports(layout.ports)
        self.passwords = passwords = read_passwords(layout.passwords)
        home = layout.directory
        self.primary = Postgres(home / "postgres", ports["postgres"], passwords["owner"], passwords["replicator"])
        self.replica = Replica(home / "replica", ports["replica"], self.primary)
        self.rabbitmq = RabbitMQ(
            home / "rabbitmq", ports["rabbitmq"], ports["epmd"], ports["distribution"], passwords["rabbitmq"]
        )
        self.zookeeper = ZooKeeper(home / "zookeeper", ports["zookeeper"])
        alerts = {**read_settings(), "workers_expected": self.settings.workers}
        self.alertmanager = Alertmanager(
            directory=home / "alertmanager", port=ports["alertmanager"], keys=layout.keys, settings=alerts
        )
        self.prometheus = Prometheus(
            directory=home / "prometheus", port=ports["prometheus"], alertmanager_port=ports["alertmanager"],
            targets=self._targets(), settings=alerts,
        )  # fmt: skip

    def parts(self) -> list[Part]:
        return [
            self.primary.definition(),
            self.replica.definition(),
            *self.rabbitmq.definitions(),
            self.zookeeper.definition(),
            self.prometheus.definition(),
            self.alertmanager.definition(),
            Step(name="migrate", prepare=self._migrate, needs=("postgres",)),
            Step(name="demo", prepare=self._create_demo, needs=("postgres",)),
            *self.service_definitions(),
        ]

    def service_definitions(self) -> list[Definition]:
        settings, ports, addresses = self.settings, self.ports, self.addresses
        of = {service: passed_on.of_service(service, settings.services) for service in passed_on.CONFIGS}
        return [
            services.api(settings.api_port, addresses, of["api"]),
            *(services.scheduler(name, ports[name], addresses, of["scheduler"]) for name in settings.scheduler_names),
            *(services.worker(name, ports[name], addresses, of["worker"]) for name in settings.worker_names),
        ]

    def check(self) -> None:
        """Says what is not installed, and which setting a service would refuse."""
        self.parts()
        for definition in {service_of(one.name): one for one in self.service_definitions()}.values():
            passed_on.check(definition)

    @property
    def pools(self) -> list[str]:
        """The pools that the workers serve."""
        return passed_on.texts("FOLIOT_WORKER_POOLS", self.settings.services)

    @cached_property
    def addresses(self) -> services.Addresses:
        return services.Addresses(
            api_database=self._url_of("foliot_api"),
            api_replica=url(self.replica.port, "foliot_api", self.passwords["foliot_api"]),
            scheduler_database=self._url_of("foliot_scheduler"),
            maintenance_database=self._url_of("foliot_maintenance"),
            worker_database=self._url_of("foliot_worker"),
            amqp=self.rabbitmq.url,
            zookeeper_hosts=self.zookeeper.hosts,
            zookeeper_password=self.passwords["zookeeper"],
            datasources=str(self.layout.datasources),
        )

    def _targets(self) -> dict[str, list[str]]:
        """What Prometheus scrapes, by service."""
        settings, ports = self.settings, self.ports
        return {
            "api": [f"{HOST}:{settings.api_port}"],
            "scheduler": [f"{HOST}:{ports[name]}" for name in settings.scheduler_names],
            "worker": [f"{HOST}:{ports[name]}" for name in settings.worker_names],
        }

    def _url_of(self, role: str) -> str:
        return url(self.primary.port, role, self.passwords[role])

    async def _migrate(self, log: Path) -> None:
        passwords = {f"{role.upper()}_PASSWORD": self.passwords[role] for role in ROLES}
        environment = minimal_environment(
            FOLIOT_DATABASE_URL=self.primary.url,
            FOLIOT_MIGRATIONS_DIR=str(REPOSITORY / "sql" / "migrations"),
            **passwords,
        )
        await run(services.command("foliot.common.migrate"), log, environment=environment)

    async def _create_demo(self, _log: Path) -> None:
        await create_demo(self.primary, self.passwords["foliot_demo"], self.layout.datasources)
