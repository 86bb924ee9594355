"""Blocks of int16 samples -> steps of one foot, causally and in integers.

Every value stays below 2**30, so that nothing is allocated where small integers have 31 bits; bounds stand in the
comments. All state lies in one array of integers: a head of scalars, a ring of landing candidates, and rings of the
last seconds at the internal rate. Lengths of acceleration vectors do not change with the mounting, so that no axis
is ever preferred. docs/detector.md explains the method.

Units: u = 1/512 g; F = 1/256 raw sample, counted modulo 2**29; k = internal samples, counted modulo 2**29.
"""

try:
    from micropython import const
except ImportError:  # CPython

    def const(expr):
        return expr


DETECTOR_VERSION = 1
SAMPLE_WRAP = 1 << 29
BLOCK_LIMIT = 512
STEP_SIZE = 8
IC_SAMPLE, IC_FRAC, CONTACT, STRIDE, PEAK_MG, RISE_G_S, KIND, FLAGS = range(8)

# One call takes at most a pending gap (0.25 s, or a flush of 0.6 s) and a block of 512 samples, 5.12 s at 100 Hz.
# Contacts are 0.25 s apart: at most 24 new ones, the one that the bout had reached and those of a chain before it.
STEPS_LIMIT = 40

RATE_MHZ_MIN = 100_000
RATE_MHZ_MAX = 1_700_000
ACC_UG_LSB_MAX = 1_100  # +-36 g; +-32 g is 976

# As in page.py, which this file does not import; a test compares.
STEP_CLIPPED = 1
STEP_TOE_OFF_ESTIMATED = 2
STEP_PEAK_UNRELIABLE = 4
STEP_AFTER_GAP = 8
STEP_KIND_UNCERTAIN = 0
STEP_KIND_WALK = 1
STEP_KIND_RUN = 2

# fmt: off
_MASK = const((1 << 29) - 1)       # of every counter that wraps
_F_SAMPLES = const((1 << 21) - 1)  # raw samples in the 29 bits of an F
_G = const(512)                    # u in 1 g
_FULL_SCALE = const(32_750)        # a raw value from here on is taken as clipped
_CLIP_SQUARE = const(16_375 * 16_375)  # (2 LSB)**2, no shorter sample can be clipped
_GAP_MASK = const((1 << 28) - 1)

# Head of the state.
_AXES = const(0)          # numbers a sample: 3 or 6
_DECIMATION = const(1)    # raw samples in an internal one
_SCALE = const(2)         # 2 LSB -> u, times 2**14
_UG = const(3)            # micro-g a LSB
_UNRELIABLE = const(4)    # STEP_PEAK_UNRELIABLE or 0
_W = const(5)             # ten lengths in internal samples, named below
_W10 = const(5)           # the number is the time in ms
_W40 = const(6)
_W70 = const(7)
_W90 = const(8)
_W100 = const(9)
_W130 = const(10)
_W170 = const(11)
_W190 = const(12)
_W250 = const(13)
_W400 = const(14)
_F_BIAS = const(15)       # F, the landmark of contact lies so much after it
_F_STRIDE_MIN = const(16)
_F_STRIDE_MAX = const(17)
_F_RUN_MAX = const(18)
_FILL_MAX = const(19)     # raw samples, a longer gap ends the bout
_FLUSH = const(20)        # raw samples that bring out a last contact
_RATE_HZ100 = const(21)   # internal rate in 1/100 Hz
_F_WALK_MIN = const(22)
_NUM = const(23)          # raw samples in whole internal ones so far
_PHASE = const(24)        # raw samples in the internal one in the making
_SUM_X = const(25)
_SUM_Y = const(26)
_SUM_Z = const(27)
_SQUARE = const(28)       # greatest squared length in it, (2 LSB)**2
_CLIP = const(29)
_K = const(30)
_WARM = const(31)         # internal samples since the start or the last long gap, up to _W400
_LENGTH = const(32)       # u, last
_ROOT = const(33)         # last integer square root, where the next one begins
_SUM_DEV = const(34)      # running sums, modulo 2**29
_SUM_JERK = const(35)
_SUM_GAP = const(36)
_BEST = const(37)         # greatest landing strength of the last 0.25 s, and its k
_BEST_K = const(38)
_MADE = const(39)         # candidates so far
_FLOOR = const(40)        # candidates before this one are done with
_TRACKING = const(41)
_LAST = const(42)         # the contact that the bout has reached
_PENDING = const(43)      # the candidate for the next one, or -1
_PERIOD = const(44)       # F, of the bout's strides
_LEVEL = const(45)        # landing strength of the bout's contacts
_OVERDUE = const(46)      # internal samples after the last contact that end the wait for the next
_GAP = const(47)          # raw samples lost since the last block, up to one more than _FILL_MAX
_SKIP = const(48)         # the same, modulo 2**29
_SAMPLE = const(49)       # the last raw sample
_LAST_K = const(52)       # k of the contact that the bout has reached

# Candidates: the last 32 greatest strengths within 0.25 s.
_CANDIDATES = const(32)
_C_K = const(0)           # of the greatest strength
_C_STRENGTH = const(1)
_C_PREVIOUS = const(2)    # the candidate that this one continues, or -1
_C_CHAIN = const(3)       # contacts in its chain
_C_VALUE = const(4)       # of its chain
_C_STRIDE = const(5)      # F, from the previous
_C_CONTACT = const(6)     # F, of the previous, or -1
_C_DEV = const(7)         # u, mean of ||a| - 1 g| since the previous
_C_GAP = const(8)         # samples were lost since the previous
_C_IC = const(9)          # F
_C_IC_K = const(10)
_C_PEAK = const(11)       # mg
_C_RISE = const(12)       # g/s
_C_CLIP = const(13)
_C_SIZE = const(14)

_CANDIDATE = const(53)

# Rings of the last 1024 internal samples: 2.8 s at the highest internal rate.
_RING = const(1024)
_R = const(1023)
_LENGTHS = const(53 + 32 * 14)             # u
_DEVS = const(53 + 32 * 14 + 1024)         # running sum of ||a| - 1 g|
_JERKS = const(53 + 32 * 14 + 2 * 1024)    # running sum of changes of |a|
_SQUARES = const(53 + 32 * 14 + 3 * 1024)  # greatest squared length of the raw samples within, (2 LSB)**2
_MARKS = const(53 + 32 * 14 + 4 * 1024)    # samples lost so far * 2 + clipped
_NEAR = const(255)                         # of the last 256, 0.7 s and more, the vector itself, LSB
_XS = const(53 + 32 * 14 + 5 * 1024)
_YS = const(53 + 32 * 14 + 5 * 1024 + 256)
_ZS = const(53 + 32 * 14 + 5 * 1024 + 512)
STATE_SIZE = 53 + 32 * 14 + 5 * 1024 + 768
# fmt: on

# Accelerations in u.
_SHOCK_MIN = const(20)  # 0.04 g a 10 ms
_BRAKING_FLOOR = const(102)  # 0.2 g
_ACTIVITY_FLOOR = const(154)  # 0.3 g
_SWING_FULL = const(154)  # 0.3 g: mean ||a| - 1 g| of a full swing
_WALK_MAX = const(563)  # 1.1 g: walking has 0.3 to 1.06 g over a stride, running from 1.5 g on
_RUN_MIN = const(666)  # 1.3 g

_STRENGTH_MIN = const(64)  # gait mostly has over 1000, its first and last steps 100 and more
_STRENGTH_CAP = const(1024)
_CHAIN_MIN = const(4)
_VALUE_MIN = const(1000)


def setup(state, rate_mhz, acc_ug_lsb, gyro_udps_lsb):
    """Begin anew: true rate in 1/1000 Hz, micro-g and micro-deg/s a LSB (0: no gyroscope). ValueError."""
    if len(state) != STATE_SIZE:
        raise ValueError("the detector's state has %d numbers, got %d" % (STATE_SIZE, len(state)))
    if not RATE_MHZ_MIN <= rate_mhz <= RATE_MHZ_MAX:
        raise ValueError("rate must be %d to %d mHz, got %d" % (RATE_MHZ_MIN, RATE_MHZ_MAX, rate_mhz))
    if not 1 <= acc_ug_lsb <= ACC_UG_LSB_MAX:
        raise ValueError("acceleration must be 1 to %d ug/LSB, got %d" % (ACC_UG_LSB_MAX, acc_ug_lsb))
    if gyro_udps_lsb < 0:
        raise ValueError("rotation must be 0 or more udps/LSB, got %d" % gyro_udps_lsb)
    for i in range(STATE_SIZE):
        state[i] = 0
    decimation = max(1, rate_mhz // 180_000)
    state[_AXES] = 6 if gyro_udps_lsb else 3
    state[_DECIMATION] = decimation
    # 2 LSB in u, times 2**14: ug * 2 / 1e6 * 512 * 16384 = ug * 16.777216; 1100 gives 18455.
    state[_SCALE] = acc_ug_lsb * 16_777 // 1000
    state[_UG] = acc_ug_lsb
    if rate_mhz < 500_000 or acc_ug_lsb <= 500:
        state[_UNRELIABLE] = STEP_PEAK_UNRELIABLE
    internal = rate_mhz // decimation // 10
    state[_RATE_HZ100] = internal
    i = _W
    for ms in (10, 40, 70, 90, 100, 130, 170, 190, 250, 400):
        state[i] = (ms * internal + 50_000) // 100_000
        i += 1
    second = rate_mhz * 32 // 125  # F: 256 / 1000
    state[_F_WALK_MIN] = second // 8 * 5
    state[_F_BIAS] = second * 3 // 200
    state[_F_STRIDE_MIN] = second // 20 * 9
    state[_F_STRIDE_MAX] = second // 10 * 19
    state[_F_RUN_MAX] = second // 20 * 21
    state[_FILL_MAX] = rate_mhz // 4000
    state[_FLUSH] = rate_mhz // 1000 * 3 // 5
    _restart(state)


def process(state, samples, n, steps):
    """Take n samples (array "h", n x 3 or n x 6, acceleration first). -> how many steps now stand in `steps`."""
    if n > BLOCK_LIMIT:
        raise ValueError("a block has 512 samples at most")
    count = 0
    if state[_GAP]:
        count = _bridge(state, steps)
    if n > 0:
        count = _run(state, samples, 0, state[_AXES], n, 0, steps, count)
        last = (n - 1) * state[_AXES]
        state[_SAMPLE] = samples[last]
        state[_SAMPLE + 1] = samples[last + 1]
        state[_SAMPLE + 2] = samples[last + 2]
    return count


def gap(state, lost):
    """So many samples are missing between the last block and the next; sample numbers stay true. ValueError."""
    if lost < 0:
        raise ValueError("samples lost must be 0 or more, got %d" % lost)
    most = state[_FILL_MAX] + 1
    state[_GAP] = min(state[_GAP] + min(lost, most), most)
    state[_SKIP] = (state[_SKIP] + (lost & _MASK)) & _MASK


def finish(state, steps):
    """The recording ends here. -> how many steps that were held now stand in `steps`."""
    count = 0
    if state[_GAP]:
        count = _bridge(state, steps)
    return _flush(state, 0, steps, count)


def _bridge(state, steps):
    """Cross a gap: a short one is filled with the last sample, a longer one ends the bout. -> steps released."""
    lost = state[_SKIP]
    long_gap = state[_GAP] > state[_FILL_MAX]
    state[_GAP] = 0
    state[_SKIP] = 0
    if not long_gap:
        return _run(state, state, _SAMPLE, 0, lost, 1, steps, 0)
    number = (state[_NUM] + state[_PHASE] + lost) & _MASK
    count = _flush(state, STEP_AFTER_GAP, steps, 0)
    state[_NUM] = number
    return count


def _flush(state, flags, steps, count):
    """Bring out what is held, the last contact with these flags, and begin as after set-up. -> steps in `steps`."""
    count = _run(state, state, _SAMPLE, 0, state[_FLUSH], 0, steps, count)
    if state[_TRACKING]:
        count = _end(state, flags, steps, count)
    _restart(state)
    return count


def _restart(state):
    """Forget the signal; sample numbers and set-up stay."""
    state[_PHASE] = 0
    state[_SUM_X] = 0
    state[_SUM_Y] = 0
    state[_SUM_Z] = 0
    state[_SQUARE] = 0
    state[_CLIP] = 0
    state[_WARM] = 0
    state[_BEST] = 0
    state[_FLOOR] = state[_MADE]
    state[_TRACKING] = 0
    state[_PENDING] = -1


def _run(state, source, at, stride, n, held, steps, count):
    """Take n samples of `source` from `at` on, `stride` numbers apart. -> steps in `steps`.

    With `held` the samples stand for lost ones. A stride of 0 takes the same sample again and again.
    """
    decimation = state[_DECIMATION]
    scale = state[_SCALE]
    phase = state[_PHASE]
    sum_x = state[_SUM_X]
    sum_y = state[_SUM_Y]
    sum_z = state[_SUM_Z]
    square = state[_SQUARE]
    clip = state[_CLIP]
    k = state[_K]
    warm = state[_WARM]
    length = state[_LENGTH]
    root = state[_ROOT]
    sum_dev = state[_SUM_DEV]
    sum_jerk = state[_SUM_JERK]
    sum_gap = state[_SUM_GAP]
    best = state[_BEST]
    best_k = state[_BEST_K]
    w40 = state[_W40]
    w70 = state[_W70]
    w90 = state[_W90]
    w100 = state[_W100]
    w170 = state[_W170]
    w190 = state[_W190]
    w250 = state[_W250]
    w400 = state[_W400]
    for _ in range(n):
        x = source[at]
        y = source[at + 1]
        z = source[at + 2]
        at += stride
        sum_x += x  # at most 9 x 2**15
        sum_y += y
        sum_z += z
        half_x = x >> 1
        half_y = y >> 1
        half_z = z >> 1
        here = half_x * half_x + half_y * half_y + half_z * half_z  # at most 3 x 2**28
        if here > square:
            square = here
        if here >= _CLIP_SQUARE and (max(x, y, z) >= _FULL_SCALE or min(x, y, z) <= -_FULL_SCALE):
            clip = 1
        sum_gap += held
        phase += 1
        if phase < decimation:
            continue

        k = (k + 1) & _MASK
        ring = k & _R
        sum_x //= decimation
        sum_y //= decimation
        sum_z //= decimation
        near = k & _NEAR
        state[_XS + near] = sum_x
        state[_YS + near] = sum_y
        state[_ZS + near] = sum_z
        half_x = sum_x >> 1
        half_y = sum_y >> 1
        half_z = sum_z >> 1
        root = _root(half_x * half_x + half_y * half_y + half_z * half_z, root)
        before = length
        length = (root * scale) >> 14  # 28378 x 18455 is below 2**29; at most 31964 u
        if warm == 0:
            before = length
        sum_dev = (sum_dev + abs(length - _G)) & _MASK
        sum_jerk = (sum_jerk + abs(length - before)) & _MASK
        sum_gap &= _GAP_MASK
        state[_LENGTHS + ring] = length
        state[_DEVS + ring] = sum_dev
        state[_JERKS + ring] = sum_jerk
        state[_SQUARES + ring] = square
        state[_MARKS + ring] = sum_gap * 2 + clip
        state[_NUM] = (state[_NUM] + decimation) & _MASK
        phase = 0
        sum_x = 0
        sum_y = 0
        sum_z = 0
        square = 0
        clip = 0
        if warm < w400:
            warm += 1
            continue

        # Landing strength of 190 ms ago. Total variation over 80 ms in g is 8 times the mean change in g per 10 ms.
        middle = k - w190
        shock = state[_JERKS + ((middle + w40) & _R)] - state[_JERKS + ((middle - w40) & _R)]
        shock = (shock & _MASK) >> 3
        strength = 0
        if shock > _SHOCK_MIN:
            braking = state[_DEVS + ((middle - w70) & _R)] - state[_DEVS + ((middle - w170) & _R)]
            braking = (braking & _MASK) // w100 + _BRAKING_FLOOR
            after = (middle + w90) & _R
            activity = ((sum_dev - state[_DEVS + after]) & _MASK) // w100
            activity += ((sum_jerk - state[_JERKS + after]) & _MASK) // 10
            # below 2**14 x 2**15
            strength = (min(shock, 16_383) * braking // (activity + _ACTIVITY_FLOOR)) >> 1
        if strength > best:
            best = strength
            best_k = middle & _MASK
        elif (middle - best_k) & _MASK >= w250:
            found = best
            best = 0
            state[_K] = k
            if found >= _STRENGTH_MIN:
                count = _candidate(state, best_k, found, steps, count)
            best_k = middle & _MASK
        if state[_TRACKING] and (k - state[_LAST_K]) & _MASK > state[_OVERDUE]:
            state[_K] = k
            count = _overdue(state, steps, count)

    state[_PHASE] = phase
    state[_SUM_X] = sum_x
    state[_SUM_Y] = sum_y
    state[_SUM_Z] = sum_z
    state[_SQUARE] = square
    state[_CLIP] = clip
    state[_K] = k
    state[_WARM] = warm
    state[_LENGTH] = length
    state[_ROOT] = root
    state[_SUM_DEV] = sum_dev
    state[_SUM_JERK] = sum_jerk
    state[_SUM_GAP] = sum_gap
    state[_BEST] = best
    state[_BEST_K] = best_k
    return count


def _root(value, near):
    """Integer square root of a value below 2**30, by Newton's steps from a guess that is near."""
    if value == 0:
        return 0
    near = max(near, 1)
    near = (near + value // near) >> 1  # not below the root, whatever the guess
    while True:
        next_one = (near + value // near) >> 1
        if next_one >= near:
            return near
        near = next_one


def _slot(number):
    """Where the candidate of this number begins in the state."""
    return _CANDIDATE + (number & (_CANDIDATES - 1)) * _C_SIZE


def _centre(state, k):
    """F of the centre of an internal sample of the last seconds."""
    decimation = state[_DECIMATION]
    start = state[_NUM] - (((state[_K] - k) & _MASK) + 1) * decimation
    return ((start & _F_SAMPLES) * 256 + (decimation - 1) * 128) & _MASK


def _candidate(state, k, strength, steps, count):
    """Measure the landing whose strength was greatest at k, and let the bout decide upon it. -> steps in `steps`."""
    # A tap comes out of rest, a landing out of a swing: without one the strength is weighted down.
    swing = (state[_DEVS + ((k - state[_W70]) & _R)] - state[_DEVS + ((k - state[_W400]) & _R)]) & _MASK
    swing //= state[_W400] - state[_W70]
    strength = min(strength, 16_383) * min(swing, _SWING_FULL) // _SWING_FULL
    if strength < _STRENGTH_MIN:
        return count
    number = state[_MADE]
    state[_MADE] = (number + 1) & _MASK
    slot = _slot(number)
    state[slot + _C_K] = k
    state[slot + _C_STRENGTH] = strength
    state[slot + _C_PREVIOUS] = -1
    state[slot + _C_CHAIN] = 1
    state[slot + _C_VALUE] = min(strength, _STRENGTH_CAP)
    _measure(state, slot, k)
    if state[_TRACKING]:
        return _track(state, number, steps, count)
    return _search(state, number, steps, count)


def _measure(state, slot, k):
    """Contact, peak, rise and clipping of the landing around k."""
    # Contact breaks the smooth braking of the swing: the landmark is where a fifth of the squared second difference of
    # the acceleration vector (over 10 ms) has passed, from 130 ms before k to 100 ms after it.
    span = state[_W10]
    first = k - state[_W130] + span
    length = state[_W130] + state[_W100]
    greatest = 0
    for i in range(first, first + length):
        at = i & _NEAR
        mid = (i - span) & _NEAR
        old = (i - 2 * span) & _NEAR
        greatest = max(
            greatest,
            abs(state[_XS + at] - 2 * state[_XS + mid] + state[_XS + old]),
            abs(state[_YS + at] - 2 * state[_YS + mid] + state[_YS + old]),
            abs(state[_ZS + at] - 2 * state[_ZS + mid] + state[_ZS + old]),
        )
    shift = 0
    while greatest >> shift > 1023:
        shift += 1
    total = _break_energy(state, first, length, span, shift, -1)  # at most 83 x 3 x 2**20
    goal = total // 5
    crossing = _break_energy(state, first, length, span, shift, goal)
    whole = crossing >> 8
    mark = first + whole - span
    # The energy of a sample stands for the time from half an internal sample before it to half of one after it.
    decimation = state[_DECIMATION]
    ic = _centre(state, mark) + ((crossing & 255) - 128) * decimation
    state[slot + _C_IC] = (ic - state[_F_BIAS]) & _MASK
    state[slot + _C_IC_K] = mark & _MASK

    # The landing's own peak, from the landmark to 100 ms after it; before lies the braking.
    peak = 0
    clip = 0
    highest = 0
    for i in range(state[_W100]):
        at = (mark + i) & _R
        clip |= state[_MARKS + at] & 1
        if state[_SQUARES + at] > peak:
            peak = state[_SQUARES + at]
            highest = i
    state[slot + _C_CLIP] = clip
    state[slot + _C_PEAK] = _root(peak, state[_ROOT]) * (2 * state[_UG]) // 1000  # 28378 x 2200
    rise = 0
    for i in range(-span, highest + 1):
        at = mark + i
        rise = max(rise, state[_LENGTHS + (at & _R)] - state[_LENGTHS + ((at - 1) & _R)])
    state[slot + _C_RISE] = rise * (state[_RATE_HZ100] // 20) // 2560  # 31964 x 1800; u to g: 512


def _break_energy(state, first, length, span, shift, goal):
    """Sum of squared second differences, or where it reaches `goal`, in 1/256 internal sample from `first`."""
    total = 0
    for i in range(length):
        at = (first + i) & _NEAR
        mid = (first + i - span) & _NEAR
        old = (first + i - 2 * span) & _NEAR
        x = (state[_XS + at] - 2 * state[_XS + mid] + state[_XS + old]) >> shift
        y = (state[_YS + at] - 2 * state[_YS + mid] + state[_YS + old]) >> shift
        z = (state[_ZS + at] - 2 * state[_ZS + mid] + state[_ZS + old]) >> shift
        piece = x * x + y * y + z * z
        if goal >= 0 and total + piece >= goal:
            return i * 256 + (goal - total) * 256 // max(1, piece)  # below 3 x 2**20 x 256
        total += piece
    return total


def _push(state, k):
    """Length of the acceleration over three internal samples, times 3."""
    return state[_LENGTHS + ((k - 1) & _R)] + state[_LENGTHS + (k & _R)] + state[_LENGTHS + ((k + 1) & _R)]


def _activity(state, before, slot):
    """Mean of ||a| - 1 g| (u) from one candidate's contact to another's."""
    k = state[slot + _C_IC_K]
    start = state[before + _C_IC_K]
    length = max(1, (k - start) & _MASK)
    return ((state[_DEVS + (k & _R)] - state[_DEVS + (start & _R)]) & _MASK) // length


def _link(state, slot, previous):
    """Take `previous` as the contact before: the stride between the two, its toe-off and its activity."""
    before = _slot(previous)
    stride = (state[slot + _C_IC] - state[before + _C_IC]) & _MASK
    state[slot + _C_PREVIOUS] = previous
    state[slot + _C_STRIDE] = stride
    k = state[slot + _C_IC_K]
    start = state[before + _C_IC_K]
    length = (k - start) & _MASK
    dev = _activity(state, before, slot)
    state[slot + _C_DEV] = dev
    lost = (state[_MARKS + (k & _R)] >> 1) - (state[_MARKS + (start & _R)] >> 1)
    state[slot + _C_GAP] = 1 if lost != 0 else 0

    # Push-off is the greatest length in the part of the stride where it can be; in running the first one of at least
    # 7/10 of it, since the swing begins with another.
    low = 52
    high = 74
    share = 10
    kind = _kind(state, stride, dev)
    if kind == STEP_KIND_RUN or (kind == STEP_KIND_UNCERTAIN and stride < state[_F_WALK_MIN] * 7 // 5):
        low = 25
        high = 45
        share = 7
    low = length * low // 100
    high = length * high // 100
    greatest = 0
    for i in range(low, high):
        greatest = max(greatest, _push(state, start + i))
    i = low
    while i < high and (
        _push(state, start + i) * 10 < greatest * share
        or _push(state, start + i + 1) > _push(state, start + i)
    ):
        i += 1
    toe_off = (start + i) & _MASK
    state[slot + _C_CONTACT] = (_centre(state, toe_off) - state[before + _C_IC]) & _MASK


def _kind(state, stride, dev):
    """Walk, run or uncertain, by stride time (F) and mean activity (u) over the stride."""
    if stride > state[_F_RUN_MAX] or dev < _WALK_MAX:
        return STEP_KIND_WALK
    if dev > _RUN_MIN:
        return STEP_KIND_RUN
    return STEP_KIND_UNCERTAIN


def _search(state, number, steps, count):
    """No bout yet: is this the fourth contact of a chain in rhythm? -> steps in `steps`."""
    slot = _slot(number)
    own = state[slot + _C_VALUE]
    between = 0
    held = min((number - state[_FLOOR]) & _MASK, _CANDIDATES - 1)
    previous = -1
    for back in range(1, held + 1):
        other = (number - back) & _MASK
        before = _slot(other)
        stride = (state[slot + _C_IC] - state[before + _C_IC]) & _MASK
        if stride > state[_F_STRIDE_MAX]:
            break
        skipped = between
        between += min(state[before + _C_STRENGTH], _STRENGTH_CAP)
        if stride < state[_F_STRIDE_MIN]:
            continue
        if stride < state[_F_WALK_MIN] and _activity(state, before, slot) < _RUN_MIN:
            continue
        chain = state[before + _C_CHAIN] + 1
        value = state[before + _C_VALUE]
        if chain > 2 and abs(stride - state[before + _C_STRIDE]) * 4 > state[before + _C_STRIDE]:
            chain = 2  # out of its rhythm: the first of a new chain
            value = min(state[before + _C_STRENGTH], _STRENGTH_CAP)
        value += own - skipped
        if value > state[slot + _C_VALUE]:
            state[slot + _C_VALUE] = value
            state[slot + _C_CHAIN] = chain
            previous = other
    if previous < 0:
        return count
    _link(state, slot, previous)
    if state[slot + _C_CHAIN] < _CHAIN_MIN or state[slot + _C_VALUE] < _VALUE_MIN:
        return count
    return _confirm(state, number, steps, count)


def _confirm(state, number, steps, count):
    """A bout is there: credit the contacts that led to it. -> steps in `steps`."""
    slot = _slot(number)
    links = 0
    first = number
    while links < state[slot + _C_CHAIN] - 1:
        first = state[_slot(first) + _C_PREVIOUS]
        if (number - first) & _MASK >= _CANDIDATES:
            break  # a long, weak chain: its beginning is not held any more
        links += 1
    level = 0
    for back in range(links, 0, -1):
        following = number
        for _ in range(back - 1):
            following = state[_slot(following) + _C_PREVIOUS]
        first = state[_slot(following) + _C_PREVIOUS]
        count = _emit(state, first, following, steps, count)
        level += state[_slot(first) + _C_STRENGTH]
    state[_LEVEL] = level // links
    state[_PERIOD] = state[slot + _C_STRIDE]
    state[_TRACKING] = 1
    _reach(state, number)
    return count


def _reach(state, number):
    """The bout has reached this contact; wait for the next."""
    slot = _slot(number)
    state[_LAST] = number
    state[_FLOOR] = number
    state[_PENDING] = -1
    state[_LAST_K] = state[slot + _C_K]
    # 1.5 strides, and what a strength and its dominance take.
    wait = min(state[_PERIOD] // 2 * 3, state[_F_STRIDE_MAX]) // (256 * state[_DECIMATION])
    state[_OVERDUE] = wait + state[_W190] + state[_W250]


def _track(state, number, steps, count):
    """In a bout: is this its next contact? -> steps in `steps`."""
    slot = _slot(number)
    last = _slot(state[_LAST])
    period = state[_PERIOD]
    stride = (state[slot + _C_IC] - state[last + _C_IC]) & _MASK
    late = stride > period // 2 * 3
    if state[_PENDING] >= 0 and not late:
        # A walker who begins to run: the one that waits is a contact itself, if a stride has room between the two.
        other = _slot(state[_PENDING])
        room = (state[slot + _C_IC] - state[other + _C_IC]) & _MASK
        strong = state[other + _C_STRENGTH] * 2 >= state[_LEVEL]
        if strong and room >= state[_F_STRIDE_MIN] and _activity(state, last, other) >= _WALK_MAX:
            state[_PERIOD] = room
            late = True
    if late:
        count = _overdue(state, steps, count)
        if not state[_TRACKING]:
            return _search(state, number, steps, count)
    return _track_one(state, number, steps, count)


def _track_one(state, number, steps, count):
    """The same, when no earlier candidate waits any longer than the bout's rhythm allows."""
    slot = _slot(number)
    last = _slot(state[_LAST])
    period = state[_PERIOD]
    stride = (state[slot + _C_IC] - state[last + _C_IC]) & _MASK
    off = abs(stride - period)
    if state[slot + _C_STRENGTH] * 8 < state[_LEVEL]:
        return count
    if stride < period // 8 * 5:
        if stride < state[_F_STRIDE_MIN] or state[slot + _C_STRENGTH] * 2 < state[_LEVEL]:
            return count
        if _activity(state, last, slot) < _WALK_MAX:
            return count
        # A walker has begun to run: the rhythm is another from here on.
        state[_PERIOD] = stride
        off = 0
    if off > period // 2 or stride > state[_F_STRIDE_MAX]:
        return count
    pending = state[_PENDING]
    if pending >= 0:
        other = _slot(pending)
        other_off = abs(((state[other + _C_IC] - state[last + _C_IC]) & _MASK) - period)
        # Strength weighted by nearness to the expected time; strengths stay below 2**14 here, nearness is 0 to 256.
        near = 256 - off // (period // 256 + 1)
        other_near = 256 - other_off // (period // 256 + 1)
        if (
            min(state[slot + _C_STRENGTH], 16_383) * near
            <= min(state[other + _C_STRENGTH], 16_383) * other_near
        ):
            return count
    state[_PENDING] = number
    if off * 8 <= period and state[slot + _C_STRENGTH] * 2 >= state[_LEVEL]:
        return _accept(state, steps, count)
    return count


def _overdue(state, steps, count):
    """The next contact is the one that waits, or the bout has ended. -> steps in `steps`."""
    if state[_PENDING] >= 0:
        return _accept(state, steps, count)
    return _end(state, 0, steps, count)


def _accept(state, steps, count):
    """The waiting candidate is the next contact: the stride before it is complete. -> steps in `steps`."""
    number = state[_PENDING]
    slot = _slot(number)
    _link(state, slot, state[_LAST])
    count = _emit(state, state[_LAST], number, steps, count)
    state[_PERIOD] += (state[slot + _C_STRIDE] - state[_PERIOD]) // 4
    state[_LEVEL] += (min(state[slot + _C_STRENGTH], 4 * state[_LEVEL]) - state[_LEVEL]) // 4
    _reach(state, number)
    return count


def _end(state, flags, steps, count):
    """The bout is over: its last contact has no stride. -> steps in `steps`."""
    if state[_PENDING] >= 0:
        count = _accept(state, steps, count)
    count = _emit(state, state[_LAST], -1, steps, count)
    steps[(count - 1) * STEP_SIZE + FLAGS] |= flags
    state[_TRACKING] = 0
    state[_FLOOR] = (state[_LAST] + 1) & _MASK
    return count


def _emit(state, number, following, steps, count):
    """Write a contact to `steps`, with its stride to the `following` one unless that is -1. -> steps in `steps`."""
    slot = _slot(number)
    to = count * STEP_SIZE
    ic = state[slot + _C_IC]
    now = (state[_NUM] & _F_SAMPLES) * 256
    ago = (now - ic) & _MASK
    steps[to + IC_SAMPLE] = (state[_NUM] - ((ago + 255) >> 8)) & _MASK
    steps[to + IC_FRAC] = ic & 255
    steps[to + PEAK_MG] = state[slot + _C_PEAK]
    steps[to + RISE_G_S] = state[slot + _C_RISE]
    flags = state[_UNRELIABLE] | STEP_TOE_OFF_ESTIMATED
    if state[slot + _C_CLIP]:
        flags |= STEP_CLIPPED
    contact = -1
    stride = -1
    kind = STEP_KIND_UNCERTAIN
    if following >= 0:
        after = _slot(following)
        contact = state[after + _C_CONTACT]
        stride = state[after + _C_STRIDE]
        kind = _kind(state, stride, state[after + _C_DEV])
        if state[after + _C_GAP]:
            flags |= STEP_AFTER_GAP
    elif state[slot + _C_PREVIOUS] >= 0:
        kind = _kind(state, state[slot + _C_STRIDE], state[slot + _C_DEV])
    steps[to + CONTACT] = contact
    steps[to + STRIDE] = stride
    steps[to + KIND] = kind
    steps[to + FLAGS] = flags
    return count + 1
