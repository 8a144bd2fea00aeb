"""Sources as a run reads them: in parts, in order."""
