"""Records as Python views of their one binary layout: frames, market records, samples."""
