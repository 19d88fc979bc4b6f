"""Records as Arrow tables. Only here is pyarrow known. It comes with an extra: import this only when it is used."""
