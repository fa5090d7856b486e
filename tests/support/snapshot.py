"""The schema as text, from the catalogues: the content of sql/schema.txt, which `make snapshot` writes."""

from __future__ import annotations

import asyncpg

_TABLES = """
SELECT c.relname AS name, a.attname AS col, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required,
    pg_get_expr(d.adbin, d.adrelid) AS def
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
ORDER BY c.relname, a.attnum"""
_INDEXES = """
SELECT pg_get_indexdef(i.indexrelid) AS def FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition ORDER BY 1"""
_CONSTRAINTS = """
SELECT c.conrelid::regclass || ' ' || c.conname || ' ' || pg_get_constraintdef(c.oid) AS def
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE t.relnamespace = 'public'::regnamespace AND NOT t.relispartition AND c.contype <> 'n' ORDER BY 1"""
_FUNCTIONS = """
SELECT p.oid::regprocedure || ' ' || md5(p.prosrc) AS def FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace ORDER BY 1"""
_GRANTS = """
SELECT grantee || ': ' || string_agg(lower(privilege_type), ', ' ORDER BY privilege_type) || ' on ' || table_name AS def
FROM information_schema.role_table_grants
WHERE table_schema = 'public' AND grantee LIKE 'foliot\\_%' AND table_name !~ '_\\d{4}_\\d{2}$'
GROUP BY grantee, table_name ORDER BY 1"""


async def snapshot(connection: asyncpg.Connection[asyncpg.Record]) -> str:
    """Tables without their months, indexes, constraints, functions and grants, a line each."""
    lines = ["# columns"]
    for row in await connection.fetch(_TABLES):
        null = " not null" if row["required"] else ""
        default = f" = {row['def']}" if row["def"] else ""
        lines.append(f"{row['name']}.{row['col']} {row['type']}{null}{default}")
    for title, query in [
        ("indexes", _INDEXES),
        ("constraints", _CONSTRAINTS),
        ("functions", _FUNCTIONS),
        ("grants", _GRANTS),
    ]:
        lines += ["", f"# {title}", *(row["def"] for row in await connection.fetch(query))]
    return "\n".join(lines) + "\n"
