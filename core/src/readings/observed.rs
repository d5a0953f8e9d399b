//! When a reading was made: the observed time and its grade (DOMAIN 2).
