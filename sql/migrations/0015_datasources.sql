-- The data sources that a worker has, beside its pools. Null: a worker of the release before, which does not say.
ALTER TABLE workers ADD COLUMN datasources TEXT[];
