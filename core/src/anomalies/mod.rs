//! Verdicts on readings: fast, slow and failed meters (R-10, DOMAIN 4).
