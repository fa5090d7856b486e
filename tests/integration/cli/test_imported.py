"""What an importer makes, the API takes: crontab lines of the shapes that people write."""

from __future__ import annotations

from pathlib import Path

from api.conftest import Api

from foliot.cli.manifest.document import load

from .conftest import Foliot

TAB = r"""
# m h dom mon dow command
SHELL=/bin/bash
PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin
MAILTO=ops@example.org
HOME=/var/lib/app
TOKEN="a b"
*/5 * * * * /usr/bin/php /var/www/artisan schedule:run >> /dev/null 2>&1
0 * * * * cd /srv/app && ./bin/sync
15 2 * * * pg_dump app | gzip > /backup/app-$(date +\%Y\%m\%d).sql.gz
0 3 * * 0 /usr/bin/certbot renew --quiet
0 3 1 * * find /var/log -name '*.gz' -mtime +30 -delete
0 9-17 * * 1-5 /usr/local/bin/report "daily & more"
0,30 8-18/2 * * mon-fri flock -n /tmp/lock /opt/run
@hourly /opt/hourly
@daily /opt/daily
@weekly /opt/weekly
@monthly /opt/monthly
@yearly /opt/yearly
@annually /opt/yearly
@midnight /opt/daily
0 0 1 1 * echo happy new year
0 12 * * 7 /opt/sunday
30 4 1,15 * 5 /opt/either
0 0 * JAN,jul * /opt/half
5 4 * * sun echo five four on sunday
*/15 */2 1-7 * * /opt/first
59 23 28-31 * * [ "$(date -d tomorrow +\%d)" = 01 ] && /opt/end-of-month
0 22 * * 1-5 mail -s "it is ten" joe%Joe,%%Where are your kids?%
CRON_TZ=America/New_York
30 9 * * 1-5 /opt/opening
0~30 4 * * * /opt/random
@reboot /opt/boot
0 0 31 2 * /opt/never
*/7 * * * * /usr/bin/env python3 -c 'print("ü")'
"""
REFUSED = {"@reboot /opt/boot", "0 0 31 2 * /opt/never"}


async def test_the_api_takes_what_a_crontab_becomes(foliot: Foliot, api: Api, tmp_path: Path) -> None:
    (tmp_path / "tab").write_text(TAB)
    code, out, err = await foliot("import", "crontab", str(tmp_path / "tab"), "--timezone", "Europe/Berlin")
    assert code == 1
    lines = [line for line in TAB.splitlines() if line and line[0] in "@*0123456789"]
    assert [line for line in lines if line in err] == [line for line in lines if line in REFUSED]
    (tmp_path / "jobs.yaml").write_text(out)
    jobs = load(tmp_path / "jobs.yaml").jobs
    assert len(jobs) == len(lines) - len(REFUSED)
    for job in jobs.values():
        status, answer, _ = await api.call("POST", "/v1/jobs", job)
        assert status == 201, (job, answer)
        assert answer["next_run_time"] is not None
    assert (await foliot("plan", str(tmp_path / "jobs.yaml")))[0] == 0
