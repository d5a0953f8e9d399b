-- One counter for every figure. figure: a bucket's number, or 100 and a mark's, as in period_lines.
CREATE TABLE coverage_figures (
    period    INTEGER NOT NULL,
    class     TEXT NOT NULL,
    area_id   BIGINT NOT NULL,
    route_id  BIGINT NOT NULL,
    reader_id BIGINT NOT NULL,
    figure    INTEGER NOT NULL,
    points    BIGINT NOT NULL,
    PRIMARY KEY (period, class, area_id, route_id, reader_id, figure)
) WITHOUT ROWID;
INSERT INTO coverage_figures (period, class, area_id, route_id, reader_id, figure, points)
    SELECT period, class, area_id, route_id, reader_id, bucket, points FROM coverage_counters UNION ALL
    SELECT period, class, area_id, route_id, reader_id, 100 + mark, points FROM coverage_marks;
DROP TABLE coverage_counters;
DROP TABLE coverage_marks;
ALTER TABLE coverage_figures RENAME TO coverage_counters;

-- The counters of each reader's points together, whatever their area and route: a dashboard sums hundreds of rows instead of tens
-- of thousands. By reader, since his own pushes wait for each other anyway. reader_id 0: points without a reader.
CREATE TABLE coverage_totals (
    period    INTEGER NOT NULL,
    class     TEXT NOT NULL,
    figure    INTEGER NOT NULL,
    reader_id BIGINT NOT NULL,
    points    BIGINT NOT NULL,
    PRIMARY KEY (period, class, figure, reader_id)
) WITHOUT ROWID;
INSERT INTO coverage_totals (period, class, figure, reader_id, points)
    SELECT period, class, figure, reader_id, SUM(points) FROM coverage_counters GROUP BY period, class, figure, reader_id;
