//! Why a stop is in nobody's round.
//!
//! Why separate: these codes are a contract with the console, and each says what a dispatcher can do about it.

use crate::coded::coded;

coded! {
    /// Why a stop could not be planned. In the order of how near it was: the nearest miss of all readers is told.
    Reason {
        /// Nobody knows where it is.
        NoPlace = "no_place": "该用气点没有坐标，也无法由同册用气点推断", "the point has no position, and its route has none to guess from";
        /// Nobody who works has the keys and skills.
        NoReader = "no_reader": "没有在岗抄表员具备所需钥匙或资质", "no reader at work has the keys and skills it needs";
        /// Its opening hours or agreed times lie outside everybody's working hours.
        Closed = "closed": "开放时间或约定时间与抄表员工作时间没有重合", "its opening hours or agreed times never meet a fit reader's working hours";
        /// Nobody can be there in time and home again.
        TooFar = "too_far": "在工作时间内无法往返", "no fit reader can be there in time and back within the working day";
        /// The one it is locked to cannot do it.
        Locked = "locked": "已锁定给某抄表员的某一天，但其无法完成", "it is locked to a reader and day that cannot do it";
        /// Possible by itself, but the days are full.
        Full = "full": "人手不足：各抄表员的时间已排满", "there is no room left in the readers' days";
    }
}

coded! {
    /// Why a stop does not follow a plan that is published: what happened since it was made goes first.
    Conflict {
        /// It is open in a round the plan knows nothing of.
        InAnotherRound = "in_another_round": "该用气点已在其他任务中", "it is open in another round";
        /// It has been read since.
        ReadMeanwhile = "read_meanwhile": "该用气点在此期间已抄", "it has been read meanwhile";
        /// It was removed or suspended since.
        PointGone = "point_gone": "该用气点已拆除或报停", "the point was removed or suspended meanwhile";
        /// The reader's account was disabled since.
        ReaderGone = "reader_gone": "该抄表员账号已停用", "the reader's account was disabled meanwhile";
    }
}
