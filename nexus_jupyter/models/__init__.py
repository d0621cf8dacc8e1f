"""Records: frozen pydantic models that cross a border (file, HTTP, process)."""
