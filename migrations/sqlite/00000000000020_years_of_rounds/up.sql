-- A push looks for the stops of its points in the rounds that matter, not in those of years: by id from the first that is on a phone, or
-- was put away and had not ended by the day something was seen.
CREATE INDEX stops_point_round ON stops (point_id, round_id);
DROP INDEX stops_point;
CREATE INDEX rounds_shown ON rounds (id) WHERE put_away_at IS NULL AND state NOT IN ('draft', 'cancelled');
CREATE INDEX rounds_away ON rounds (until_day) WHERE put_away_at IS NOT NULL;
