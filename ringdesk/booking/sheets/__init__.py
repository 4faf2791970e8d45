"""Services, specialists and clients from a table (CSV, XLSX) and into one."""
