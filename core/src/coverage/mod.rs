//! Seen rates (抄见率): who must be read, who was, and whether the target is met (R-5, DOMAIN 3).
