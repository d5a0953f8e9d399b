-- How many points of D have been unseen since a day (days since 1970), moved with the other counters: for how long the points of an
-- area, route or reader have been unseen was read from the row of each.
CREATE TABLE coverage_ages (
    period       INTEGER NOT NULL,
    class        TEXT NOT NULL,
    reader_id    BIGINT NOT NULL,
    unseen_since INTEGER NOT NULL,
    area_id      BIGINT NOT NULL,
    route_id     BIGINT NOT NULL,
    points       BIGINT NOT NULL,
    PRIMARY KEY (period, class, reader_id, unseen_since, area_id, route_id)
) WITH (fillfactor = 50);
INSERT INTO coverage_ages (period, class, reader_id, unseen_since, area_id, route_id, points)
    SELECT period, class, reader_id, unseen_since, area_id, route_id, COUNT(*) FROM coverage_plan WHERE bucket BETWEEN 2 AND 7
    GROUP BY period, class, reader_id, unseen_since, area_id, route_id;

-- Of all readers together, the days that lie more than 180 days before the period's last: a dashboard reads hundreds of rows.
-- Later days are left out, since every reader's pushes would move the same few.
CREATE TABLE coverage_long_unseen (
    period       INTEGER NOT NULL,
    class        TEXT NOT NULL,
    unseen_since INTEGER NOT NULL,
    points       BIGINT NOT NULL,
    PRIMARY KEY (period, class, unseen_since)
) WITH (fillfactor = 50);
INSERT INTO coverage_long_unseen (period, class, unseen_since, points)
    SELECT period, class, unseen_since, SUM(points) FROM coverage_ages
    WHERE unseen_since + 180 < (INTERVAL '1 month -1 day' + CASE WHEN period > 99999
        THEN make_date(period / 100, period % 100, 1)
        ELSE make_date(period / 10, period % 10 * 3, 1) END)::date - DATE '1970-01-01'
    GROUP BY period, class, unseen_since;
