-- Where links lead: the address at which the last server was reached.
ALTER TABLE meta ADD COLUMN base_url TEXT;
