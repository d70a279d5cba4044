//! What this machine says: its clocks, its boot, its processes.
