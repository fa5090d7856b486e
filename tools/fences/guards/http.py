"""Guards of http_request: what a server, a name or an answer can make a worker do."""

from __future__ import annotations

from fences.fence import Fence

HTTP = "services/worker/src/foliot/worker/executors/http"
TESTS = "tests/integration/executors"

FENCES = [
    Fence(
        "http: interim answers are counted",
        f"{HTTP}/bounded.py",
        "elif self._heads > MAX_INTERIM + 1:",
        "elif self._heads > MAX_INTERIM + 10**9:",
        f"{TESTS}/test_http_floods.py::test_twenty_interim_answers_are_read_over",
    ),
    Fence(
        "http: bytes of an answer are counted",
        f"{HTTP}/bounded.py",
        "            if self._room < 0:\n",
        "            if self._room < -(10**9):\n",
        f"{TESTS}/test_http_floods.py::test_an_endless_body_of_any_kind_is_cut",
    ),
    Fence(
        "http: a failed connection fails the reader of its body",
        f"{HTTP}/bounded.py",
        "        if payload is not None and not payload.is_eof() and payload.exception() is None:\n",
        "        if payload is not None and payload.exception() is not None:\n",
        f"{TESTS}/test_http_bad_answers.py::test_success_goes_by_the_status_even_if_the_body_cannot_be_read",
    ),
    Fence(
        "http: what comes behind an answer closes the connection",
        f"{HTTP}/bounded.py",
        "            if self._answered and (self._payload is None or self._payload.is_eof()):\n",
        "            if self._heads < 0 and (self._payload is None or self._payload.is_eof()):\n",
        f"{TESTS}/test_http_bad_answers.py::test_an_answer_that_nobody_asked_for_is_nobodys",
    ),
    Fence(
        "http: a chunked body is read in small steps",
        f"{HTTP}/bodies.py",
        "_CHUNKED_STEP: Final = 1_024",
        "_CHUNKED_STEP: Final = 1_048_576",
        f"{TESTS}/test_http_floods.py::test_no_step_of_the_event_loop_is_long_and_others_go_on",
    ),
    Fence(
        "http: an unreadable body is a remark",
        f"{HTTP}/bodies.py",
        "    except (ClientError, OSError) as error:\n",
        "    except ZeroDivisionError as error:\n",
        f"{TESTS}/test_http_bad_answers.py::test_a_reset_within_the_body_is_a_remark",
    ),
    Fence(
        "http: look-ups of a team are bounded",
        f"{HTTP}/resolver.py",
        "asyncio.Semaphore(MAX_LOOKUPS)",
        "asyncio.Semaphore(MAX_LOOKUPS + 10**6)",
        f"{TESTS}/test_http_names.py::test_a_tenant_has_so_many_look_ups_at_a_time_and_others_do_not_wait",
    ),
    Fence(
        "http: a look-up is bounded",
        f"{HTTP}/resolver.py",
        "asyncio.timeout(LOOKUP_SECONDS)",
        "asyncio.timeout(None)",
        f"{TESTS}/test_http_names.py::test_a_look_up_is_bounded",
    ),
    Fence(
        "http: the address is checked where the socket is made",
        f"{HTTP}/sessions.py",
        "or not is_allowed(host, self._allow_networks):",
        "or host == '':",
        f"{TESTS}/test_http_names.py::test_a_name_that_leads_elsewhere_the_second_time_is_refused",
    ),
    Fence(
        "http: a cookie goes to its own origin alone",
        f"{HTTP}/cookies.py",
        "        jar = self._jars.get(url.origin())\n",
        "        jar = next(iter(self._jars.values()), None)\n",
        f"{TESTS}/test_http_redirects.py::test_cookies_go_to_their_own_origin_alone",
    ),
]
