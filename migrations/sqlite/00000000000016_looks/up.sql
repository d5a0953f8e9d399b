-- Points that were ever removed: asked at every push, and hardly any.
CREATE INDEX point_terms_removed ON point_terms (point_id) WHERE state = 'removed';

-- The figures of whole classes in their order, so that a dashboard sums them without sorting ten thousand counters. PostgreSQL
-- sums by hashing, and an index over what every push moves would cost it more than it saves.
CREATE INDEX coverage_counters_class ON coverage_counters (period, class, bucket, points);
CREATE INDEX coverage_marks_class ON coverage_marks (period, class, mark, points);

-- With the bucket at its end the index answers alone: else each of those unseen for long was looked up in the plan to be counted.
DROP INDEX coverage_plan_unseen;
CREATE INDEX coverage_plan_unseen ON coverage_plan (period, class, unseen_since, point_id, bucket) WHERE bucket BETWEEN 2 AND 7;
