-- The content of the data source `demo`, laid by its owner as often as it is started.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE TABLE IF NOT EXISTS orders (
    order_id INT PRIMARY KEY,
    customer TEXT NOT NULL,
    amount NUMERIC(10, 2) NOT NULL,
    ordered_at TIMESTAMPTZ NOT NULL
);
INSERT INTO orders
SELECT n, (ARRAY['Ada', 'Grace', 'Edsger', 'Barbara'])[1 + n % 4], 5 + n * 37 % 100,
       TIMESTAMPTZ '2026-01-01 00:00+00' + n * INTERVAL '7 hours'
FROM generate_series(1, 200) AS n
ON CONFLICT DO NOTHING;
GRANT SELECT ON orders TO foliot_demo;
