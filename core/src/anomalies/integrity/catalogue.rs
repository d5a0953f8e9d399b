//! The figures of integrity evidence that a company may set (R-3, ANOMALY).

crate::settings::settings! {
    /// The settings of integrity evidence.
    SETTINGS {
        FAST = "integrity_fast_seconds": Seconds 1..=600, 15, "ANOMALY", "未知诚实间隔时的过快界限", "Entries closer than this are fast where too few honest pairs are known";
        HONEST_PAIRS = "integrity_honest_pairs": Count 1..=10_000, 30, "ANOMALY", "参与定界所需的同梯间隔数", "Pairs at one landing that a reader needs to have a say in the threshold";
        WALK = "integrity_walk_mm_per_second": MillimetresPerSecond 100..=20_000, 2_000, "R-3", "步行速度", "How fast a reader walks";
        RIDE = "integrity_ride_mm_per_second": MillimetresPerSecond 1_000..=60_000, 10_000, "R-3", "乘车速度", "How fast a reader rides";
        RIDE_FROM = "integrity_ride_from_metres": Metres 0..=100_000, 300, "R-3", "可乘车的最短距离", "From where on a reader may ride";
        LEAST_COUNT = "integrity_least_count": Count 1..=10_000, 5, "R-3", "须发生次数", "How often something must happen to be said";
        LEAST_ENTRIES = "integrity_least_entries": Count 1..=100_000, 50, "R-3", "计算比例所需条数", "How many entries a share needs";
        ABOVE_FLEET = "integrity_above_fleet": BasisPoints 0..=10_000, 2_000, "R-3", "高于全公司比例的幅度", "How far above the company's share a share must lie";
        HANDED_OVER = "integrity_handed_over": Count 1..=100_000, 20, "R-3", "换人涉及的表数", "Meters a change of reader must touch";
        CATCH_UP = "integrity_catch_up": BasisPoints 10_000..=1_000_000, 15_000, "R-3", "换人后补量界限", "A median use above this share of the expected after a change of reader is said";
    }
}
