-- Points that were ever removed: asked at every push, and hardly any.
CREATE INDEX point_terms_removed ON point_terms (point_id) WHERE state = 'removed';
