-- Distinct bodies, each a valid job. Arguments: the key, and a word of this run.
local number, word, thread_word = 0, nil, 0

function setup(thread)
    thread:set("thread_word", thread_word)
    thread_word = thread_word + 1
end

function init(args)
    wrk.method = "POST"
    wrk.headers["Authorization"] = "Bearer " .. args[1]
    wrk.headers["Content-Type"] = "application/json"
    word = args[2]
end

function request()
    number = number + 1
    local body = string.format(
        '{"job_name": "%s %d-%d", "job_type": "http_request", "schedule": "%d %d * * *", "timezone": "Europe/Berlin", ' ..
        '"payload": {"url": "http://127.0.0.1:9/%d", "method": "POST", "body": "{}"}, "priority": %d, "labels": {"team": "bench"}}',
        word, thread_word, number, number % 60, math.floor(number / 60) % 24, number, number % 10)
    return wrk.format(nil, "/v1/jobs", nil, body)
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '\nRESULT {"answers": %d, "wrong": %d, "broken": %d, "seconds": %.3f, "p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f}\n',
        summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
        summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
