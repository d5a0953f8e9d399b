-- Points that were ever removed: asked at every push, and hardly any.
CREATE INDEX point_terms_removed ON point_terms (point_id) WHERE state = 'removed';

-- The figures of whole classes in their order, so that a dashboard sums them without sorting ten thousand counters. PostgreSQL
-- sums by hashing, and an index over what every push moves would cost it more than it saves.
CREATE INDEX coverage_counters_class ON coverage_counters (period, class, bucket, points);
CREATE INDEX coverage_marks_class ON coverage_marks (period, class, mark, points);
