//! How an unattended walk judges.
