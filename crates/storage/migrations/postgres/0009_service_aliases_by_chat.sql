CREATE INDEX service_aliases_by_chat ON service_aliases (chat);
