"""Blocks of int16 samples -> steps of one foot, causally and in integers.

Every value stays below 2**30, so that nothing is allocated where small integers have 31 bits; bounds stand in the
comments. All state lies in one array of integers: a head of scalars, a ring of landing candidates, and rings of the
last seconds at the internal rate, as long as that needs. Lengths of acceleration vectors do not change with the
mounting, so that no axis is ever preferred. docs/detector.md explains the method.

Units: u = 1/512 g; F = 1/256 raw sample, counted modulo 2**29; k = internal samples, counted modulo 2**29.
"""

try:
    from micropython import const
except ImportError:  # CPython

    def const(expr):
        return expr


DETECTOR_VERSION = 3
SAMPLE_WRAP = 1 << 29
BLOCK_LIMIT = 512
STEP_SIZE = 8
IC_SAMPLE, IC_FRAC, CONTACT, STRIDE, PEAK_MG, RISE_G_S, KIND, FLAGS = range(8)

# A bout that begins may credit 32 contacts that were held, and one call takes at most a pending gap (0.25 s, or a flush
# of 0.6 s) and a block of 512 samples, 5.12 s at 100 Hz, in which contacts are 0.45 s apart: 13 more.
STEPS_LIMIT = 64

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
_F_FAR = const(1 << 28)            # differences of F from here on are negative ones
_GAP_MASK = const((1 << 14) - 1)   # of gaps, of which the ring holds less: each takes a raw sample at least
_LONG_AGO = const(1024)     # internal samples, more than any stride has, and F comes round much later

# Head of the state.
_AXES = const(0)            # numbers a sample: 3 or 6
_DECIMATION = const(1)      # raw samples in an internal one
_SCALE = const(2)           # 2 LSB -> u, times 2**14
_UG = const(3)              # micro-g a LSB
_UNRELIABLE = const(4)      # STEP_PEAK_UNRELIABLE or 0
_HOP = const(5)             # internal samples a tick, 16 to 24 ms
_W10 = const(6)             # internal samples; the number is the time in ms
_W40 = const(7)
_W60 = const(8)
_W70 = const(9)
_W90 = const(10)
_W100 = const(11)
_W130 = const(12)
_W170 = const(13)
_W190 = const(14)
_W250 = const(15)
_W290 = const(16)
_W400 = const(17)
_F_UNSURE = const(18)       # 0.875 s, an uncertain stride below it is looked at as running
_F_BIAS = const(19)         # F, the landmark of contact lies so much after it
_F_BIAS_WALK = const(20)    # F, push-off has faded so much after toe-off in walking
_F_BIAS_RUN = const(21)     # F, and so much before it in running
_F_BIAS_HUMP = const(22)    # F, the hump of push-off in the acceleration lies so much before toe-off in running
_F_STRIDE_MIN = const(23)
_F_STRIDE_MAX = const(24)
_F_RUN_MAX = const(25)
_ROUND = const(26)          # numbers in the ring of the last seconds
_F_QUICK = const(27)  # 0.8 s
_F_SLOW = const(28)  # 1.2 s
_F_PULL = const(29)         # F, as far a landmark of rotation moves a contact
_FILL_MAX = const(30)       # raw samples, a longer gap ends the bout
_FLUSH = const(31)          # raw samples that bring out a last contact
_RATE_HZ100 = const(32)     # internal rate in 1/100 Hz
_LOBE_START = const(33)     # LSB, 50 deg/s
_LOBE_LEAST = const(34)     # LSB, 100 deg/s
_LOBE_PEAK = const(35)      # LSB, 140 deg/s
_LOBE_ANGLE = const(36)     # LSB x ticks, 36 deg
_NUM = const(37)            # raw samples in whole internal ones so far
_PHASE = const(38)          # raw samples in the internal one in the making
_SUM_X = const(39)
_SUM_Y = const(40)
_SUM_Z = const(41)
_SUM_U = const(42)          # the same of rotation
_SUM_V = const(43)
_SUM_W = const(44)
_SQUARE = const(45)         # greatest squared length in it, (2 LSB)**2
_CLIP = const(46)
_K = const(47)              # internal samples
_WARM = const(48)           # internal samples since the start or the last long gap, up to _W400
_TO_TICK = const(49)        # internal samples up to the next tick
_LENGTH = const(50)         # u, last
_ROOT = const(51)           # last integer square root, where the next one begins
_SUM_DEV = const(52)        # running sums, modulo 2**29
_SUM_JERK = const(53)
_SUM_GAP = const(54)        # gaps so far
_BEST = const(55)           # greatest landing strength of the last 0.25 s, and its k
_BEST_K = const(56)
_OFFERED_K = const(57)      # the best that was taken before its 0.25 s were over, or -1
_MADE = const(58)           # candidates so far
_FLOOR = const(59)          # candidates before this one are done with
_TRACKING = const(60)
_LAST = const(61)           # the contact that the bout has reached
_LAST_K = const(62)         # k of it
_PENDING = const(63)        # the candidate for the next one, or -1
_PERIOD = const(64)         # F, of the bout's strides
_LEVEL = const(65)          # landing strength of the bout's contacts
_OVERDUE = const(66)        # internal samples after the last contact that end the wait for the next
_SIGN = const(67)           # of rotation in the swings of the bout: 1 or -1, 0 without gyroscope
_DOUBT = const(68)          # swings the other way that ended in a stronger landing, since a clear one of its own
_UNLIKE = const(69)         # strides in a row that no gait has
_GAP = const(70)            # raw samples lost since the last block, up to one more than _FILL_MAX
_SKIP = const(71)           # the same, modulo 2**29
_TICKS = const(72)          # ticks so far
_LOBE_K = const(73)         # how far rotation was looked at
_LOBE = const(74)           # sign of the lobe of rotation at _LOBE_K, or 0
_LOBE_FROM = const(75)      # its first k, greatest rotation and angle
_LOBE_MOST = const(76)
_LOBE_SUM = const(77)
_SWING = const(78)          # sign of the swing whose landing is waited for, or 0
_SWING_END = const(79)      # its last k and first k, greatest rotation and angle
_SWING_FROM = const(80)
_SWING_MOST = const(81)
_SWING_SUM = const(82)
_DIFFS = const(83)          # landmarks of acceleration less those of rotation so far
_TURN = const(84)           # 1 in a lobe of rotation about whatever axis
_HERE = const(85)           # where the last internal sample lies in that ring
_TURN_MOST = const(86)      # its greatest rotation and angle
_TURN_SUM = const(87)
_TURN_END = const(88)       # the last k of one that is followed by rest so far, or -1
_TURN_ROOT = const(89)      # last size of rotation, LSB / 8
_LOOKED = const(90)         # 1 when it was looked back for the bout's next contact
_OTHER_K = const(91)        # k of the last strong landing after a swing in the other sense
_TICK_HERE = const(92)      # where the last tick lies in its ring
_ROTATION = const(93)       # where rotation begins in the state
_SAMPLE = const(94)         # the last raw sample
_AXIS = const(100)          # of rotation in the swing, 4096 long
_COVARIANCE = const(103)    # of rotation in 32 LSB, times 128: xx xy xz yy yz zz
_DIFF = const(109)          # F, the last nine of _DIFFS

# Candidates: the last 32 landings that might be.
_CANDIDATES = const(32)
_C_K = const(0)             # of the greatest strength
_C_STRENGTH = const(1)
_C_PREVIOUS = const(2)      # the candidate that this one continues, or -1
_C_CHAIN = const(3)         # contacts in its chain
_C_VALUE = const(4)         # of its chain
_C_STRIDE = const(5)        # F, from the previous
_C_CONTACT = const(6)       # F, of the previous, or -1
_C_SEEN = const(7)          # its toe-off was seen in the rotation
_C_KIND = const(8)          # of the stride since the previous
_C_GAP = const(9)           # samples were lost since the previous
_C_IC = const(10)           # F
_C_IC_K = const(11)
_C_PEAK = const(12)         # mg
_C_RISE = const(13)         # g/s
_C_CLIP = const(14)
_C_SIGN = const(15)         # of the rotation in its swing, 0 without gyroscope
_C_DIFF = const(16)         # F, landmark of acceleration less that of rotation, or _MASK
_C_RELEASE = const(17)      # F, where push-off before its swing has faded, or -1
_C_FULL = const(18)         # its swing was a full one; 1 without gyroscope
_C_LEAPT = const(19)       # in that swing the leg bent faster than the foot pushed off, as in running
_C_SIZE = const(20)

_CANDIDATE = const(118)

_NEAR = const(255)          # of the last 256 internal samples, 0.7 s and more, the vector itself, LSB
_XS = const(758)
_YS = const(1014)
_ZS = const(1270)
_LATELY = const(31)         # of the last 32 ticks, 0.6 s, the landing strength
_STRENGTHS = const(1526)
_ENERGIES = const(1558)     # of the landing that is measured, summed up

# Of the last 176 ticks, 2.8 s and more, the vector in u / 8, at most 2307, in two numbers: x and y; z.
_TICK_ROUND = const(352)
_TICK_XY = const(1654)      # x * 2**13 + y + 2**12
_TICK_Z = const(1655)

# Of the last 2.9 s, four numbers an internal sample. The oldest that is read is the greatest strength of a landing, up
# to 0.11 s before its contact, which is a stride of 1.9 s before another's, which comes up to 0.14 s before its
# greatest strength, and that is found up to 0.62 s late.
_WIDE = const(4)
_ROUND_20_HZ = const(232)   # 20 Hz x 2.9 s x 4
_LENGTHS = const(2006)      # u, with a bit for clipped, and above it the gaps so far
_DEVS = const(2007)         # running sum of ||a| - 1 g|
_JERKS = const(2008)        # running sum of changes of |a|
_SQUARES = const(2009)      # greatest squared length of the raw samples within, (2 LSB)**2
_AGE_MASK = const(4095)     # internal samples, of which the ring has 1044 at most
_LENGTH_MASK = const((1 << 15) - 1)
_CLIPPED = const(1 << 15)
_GAPS = const(16)           # where their bits begin

# After that ring, with gyroscope: of the last 512 internal samples, 1.4 s and more, the rotation u, v, w in LSB. First
# all u * 2**8 with the upper byte of v + 2**15, then all w * 2**8 with the lower one.
_FAR = const(511)
_LOWER = const(512)
_ROTATION_SIZE = const(1024)
# fmt: on

# Accelerations in u.
_SHOCK_MIN = const(20)  # 0.04 g a 10 ms
_BRAKING_FLOOR = const(102)  # 0.2 g
_ACTIVITY_FLOOR = const(154)  # 0.3 g
_SWING_FULL = const(154)  # 0.3 g: mean ||a| - 1 g| of a full swing
_QUICK_MIN = const(512)  # 1.0 g: running from 1.2 g on; a crank of 17 cm at 95 a minute gives 0.9 g
_SLOW_MIN = const(51)  # 0.1 g: walking at 3 km/h has 0.2 g
_SLOPE = const(768)  # u over a stride of 1.2 s
_WALK_MAX = const(563)  # 1.1 g: walking has 0.3 to 1.06 g over a stride, running from 1.5 g on
_STANDS_MAX = const(102)  # 0.2 g while the foot stands: walking has 0.01 to 0.11 g
_PUSHES_MIN = const(179)  # 0.35 g in the same part of a stride: running has 0.5 g and more
_RUN_MIN = const(358)  # 0.7 g over the whole of it

_STRENGTH_MIN = const(64)  # gait mostly has over 1000, its first and last steps 100 and more
_STRENGTH_MIN_OF_SWING = const(24)  # where rotation says that there was a swing
_STRENGTH_CAP = const(1024)
_CHAIN_MIN = const(4)
_VALUE_MIN = const(1000)


def _internal_hz100(rate_mhz):
    """Internal rate in 1/100 Hz: 100 to 360 Hz."""
    return rate_mhz // max(1, rate_mhz // 180_000) // 10


def _round_size(rate_mhz):
    """Numbers in the ring of the last seconds. In steps of 20 Hz: chips of one nominal rate differ by a few percent."""
    return (_internal_hz100(rate_mhz) + 1999) // 2000 * _ROUND_20_HZ


def state_size(rate_mhz, has_gyro):
    """How many numbers the state has to have for this rate, with or without gyroscope."""
    return _LENGTHS + _round_size(rate_mhz) + (_ROTATION_SIZE if has_gyro else 0)


def setup(state, rate_mhz, acc_ug_lsb, gyro_udps_lsb):
    """Begin anew: true rate in 1/1000 Hz, micro-g and micro-deg/s a LSB (0: no gyroscope). ValueError."""
    if not RATE_MHZ_MIN <= rate_mhz <= RATE_MHZ_MAX:
        raise ValueError("rate must be %d to %d mHz, got %d" % (RATE_MHZ_MIN, RATE_MHZ_MAX, rate_mhz))
    if not 1 <= acc_ug_lsb <= ACC_UG_LSB_MAX:
        raise ValueError("acceleration must be 1 to %d ug/LSB, got %d" % (ACC_UG_LSB_MAX, acc_ug_lsb))
    if gyro_udps_lsb < 0:
        raise ValueError("rotation must be 0 or more udps/LSB, got %d" % gyro_udps_lsb)
    size = state_size(rate_mhz, gyro_udps_lsb)
    if len(state) < size:
        raise ValueError("the detector's state must have %d numbers, got %d" % (size, len(state)))
    for i in range(len(state)):
        state[i] = 0
    state[_ROUND] = _round_size(rate_mhz)
    state[_ROTATION] = _LENGTHS + state[_ROUND]
    state[_ROOT] = 1
    state[_AXES] = 6 if gyro_udps_lsb else 3
    state[_DECIMATION] = max(1, rate_mhz // 180_000)
    # 2 LSB in u, times 2**14: ug * 2 / 1e6 * 512 * 16384 = ug * 16.777216; 1100 gives 18455.
    state[_SCALE] = acc_ug_lsb * 16_777 // 1000
    state[_UG] = acc_ug_lsb
    if rate_mhz < 500_000 or acc_ug_lsb <= 500:
        state[_UNRELIABLE] = STEP_PEAK_UNRELIABLE
    internal = _internal_hz100(rate_mhz)
    state[_RATE_HZ100] = internal
    i = _W10
    for ms in (10, 40, 60, 70, 90, 100, 130, 170, 190, 250, 290, 400):
        state[i] = (ms * internal + 50_000) // 100_000
        i += 1
    hop = (internal + 2500) // 5000
    state[_HOP] = hop
    second = rate_mhz * 32 // 125  # F: 256 / 1000
    state[_F_UNSURE] = second // 8 * 7
    state[_F_BIAS] = second * 3 // 200
    state[_F_STRIDE_MIN] = second // 20 * 9
    state[_F_STRIDE_MAX] = second // 10 * 19
    state[_F_RUN_MAX] = second // 20 * 21
    state[_FILL_MAX] = rate_mhz // 4000
    state[_FLUSH] = rate_mhz // 1000 * 3 // 5
    state[_F_BIAS_WALK] = second // 1000 * 7
    state[_F_BIAS_RUN] = second // 1000 * 15
    state[_F_BIAS_HUMP] = second // 1000 * 20
    state[_F_PULL] = second // 100
    state[_F_QUICK] = second // 5 * 4
    state[_F_SLOW] = second // 5 * 6
    if gyro_udps_lsb:
        udps = max(gyro_udps_lsb, 2000)  # no chip is finer; keeps the angle below 2**30
        state[_LOBE_START] = 50_000_000 // udps
        state[_LOBE_LEAST] = 100_000_000 // udps
        state[_LOBE_PEAK] = 140_000_000 // udps
        state[_LOBE_ANGLE] = 36_000_000 // udps * (internal // hop) // 100
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
        for i in range(state[_AXES]):
            state[_SAMPLE + i] = samples[last + i]
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
    state[_SUM_U] = 0
    state[_SUM_V] = 0
    state[_SUM_W] = 0
    state[_SQUARE] = 0
    state[_CLIP] = 0
    state[_WARM] = 0
    state[_TO_TICK] = state[_HOP]
    state[_BEST] = 0
    state[_OFFERED_K] = -1
    state[_LOBE] = 0
    state[_LOBE_K] = state[_K]
    state[_SWING] = 0
    state[_TURN] = 0
    state[_TURN_END] = -1
    state[_FLOOR] = state[_MADE]
    state[_TRACKING] = 0
    state[_PENDING] = -1


def _run(state, source, at, stride, n, held, steps, count):
    """Take n samples of `source` from `at` on, `stride` numbers apart. -> steps in `steps`.

    With `held` the samples stand for lost ones. A stride of 0 takes the same sample again and again.
    """
    decimation = state[_DECIMATION]
    scale = state[_SCALE]
    six = state[_AXES] == 6
    phase = state[_PHASE]
    sum_x = state[_SUM_X]
    sum_y = state[_SUM_Y]
    sum_z = state[_SUM_Z]
    sum_u = state[_SUM_U]
    sum_v = state[_SUM_V]
    sum_w = state[_SUM_W]
    square = state[_SQUARE]
    clip = state[_CLIP]
    k = state[_K]
    here_at = state[_HERE]
    size = state[_ROUND]
    rotation = state[_ROTATION]
    warm = state[_WARM]
    warm_at = state[_W400]
    to_tick = state[_TO_TICK]
    length = state[_LENGTH]
    root = state[_ROOT]
    sum_dev = state[_SUM_DEV]
    sum_jerk = state[_SUM_JERK]
    if held:
        state[_SUM_GAP] = (state[_SUM_GAP] + 1) & _GAP_MASK
    mark = state[_SUM_GAP] << _GAPS
    for _ in range(n):
        x = source[at]
        y = source[at + 1]
        z = source[at + 2]
        half_x = x >> 1
        half_y = y >> 1
        half_z = z >> 1
        here = half_x * half_x + half_y * half_y + half_z * half_z  # at most 3 x 2**28
        if here > square:
            square = here
            if here >= _CLIP_SQUARE and (max(x, y, z) >= _FULL_SCALE or min(x, y, z) <= -_FULL_SCALE):
                clip = _CLIPPED
        if six:
            sum_u += source[at + 3]
            sum_v += source[at + 4]
            sum_w += source[at + 5]
        at += stride
        phase += 1
        if phase < decimation:
            sum_x += x  # at most 9 x 2**15
            sum_y += y
            sum_z += z
            continue

        k = (k + 1) & _MASK
        near = k & _NEAR
        here_at += _WIDE
        if here_at == size:
            here_at = 0
        phase = 0
        if decimation > 1:
            x = (sum_x + x) // decimation
            y = (sum_y + y) // decimation
            z = (sum_z + z) // decimation
            sum_x = 0
            sum_y = 0
            sum_z = 0
            half_x = x >> 1
            half_y = y >> 1
            half_z = z >> 1
            here = half_x * half_x + half_y * half_y + half_z * half_z
        state[_XS + near] = x
        state[_YS + near] = y
        state[_ZS + near] = z
        # Newton's steps to the root, from the one before; the last is within 16 of it, so the error is below 1 in 256.
        while True:
            guess = (root + here // root) >> 1 | 1
            change = guess - root
            root = guess
            if -16 < change < 16:
                break
        before = length
        length = (root * scale) >> 14  # 28379 x 18455 is below 2**29; at most 31965 u
        if warm == 0:
            before = length
        sum_dev = (sum_dev + abs(length - _G)) & _MASK
        sum_jerk = (sum_jerk + abs(length - before)) & _MASK
        state[_LENGTHS + here_at] = mark + clip + length
        state[_DEVS + here_at] = sum_dev
        state[_JERKS + here_at] = sum_jerk
        state[_SQUARES + here_at] = square
        square = 0
        clip = 0
        if six:
            far = rotation + (k & _FAR)
            v = sum_v // decimation + 32768
            state[far] = sum_u // decimation << 8 | v >> 8
            state[far + _LOWER] = sum_w // decimation << 8 | v & 255
            sum_u = 0
            sum_v = 0
            sum_w = 0
        if warm < warm_at:
            warm += 1
        to_tick -= 1
        if to_tick == 0:
            to_tick = state[_HOP]
            state[_NUM] = (state[_NUM] + decimation * ((k - state[_K]) & _MASK)) & _MASK
            state[_K] = k
            state[_HERE] = here_at
            state[_WARM] = warm
            count = _tick(state, steps, count)

    state[_PHASE] = phase
    state[_SUM_X] = sum_x
    state[_SUM_Y] = sum_y
    state[_SUM_Z] = sum_z
    state[_SUM_U] = sum_u
    state[_SUM_V] = sum_v
    state[_SUM_W] = sum_w
    state[_SQUARE] = square
    state[_CLIP] = clip
    state[_NUM] = (state[_NUM] + decimation * ((k - state[_K]) & _MASK)) & _MASK
    state[_K] = k
    state[_HERE] = here_at
    state[_WARM] = warm
    state[_TO_TICK] = to_tick
    state[_LENGTH] = length
    state[_ROOT] = root
    state[_SUM_DEV] = sum_dev
    state[_SUM_JERK] = sum_jerk
    return count


def _tick(state, steps, count):
    """About every 20 ms: landing strength, and what follows from it. -> steps in `steps`."""
    k = state[_K]
    strength = 0
    middle = (k - state[_W190]) & _MASK
    if state[_WARM] >= state[_W400]:
        strength = _strength(state)
    ticks = (state[_TICKS] + 1) & _MASK
    state[_TICKS] = ticks
    state[_STRENGTHS + (ticks & _LATELY)] = strength
    near = k & _NEAR
    at = state[_TICK_HERE] + 2
    if at == _TICK_ROUND:
        at = 0
    state[_TICK_HERE] = at
    x = (state[_XS + near] * state[_SCALE]) >> 18  # 2**15 x 18455
    y = (state[_YS + near] * state[_SCALE]) >> 18
    state[_TICK_XY + at] = x << 13 | y + 4096
    state[_TICK_Z + at] = (state[_ZS + near] * state[_SCALE]) >> 18
    if state[_AXES] == 6:
        _turn_axis(state, ticks)
        count = _rotate(state, steps, count)
        if state[_TRACKING] and not state[_LOOKED]:
            count = _look_back(state, steps, count)
    elif strength > state[_BEST]:
        state[_BEST] = strength
        state[_BEST_K] = middle
    elif state[_BEST] > 0:
        count = _past_best(state, middle, steps, count)
    if state[_TRACKING] and (k - state[_LAST_K]) & _MASK > state[_OVERDUE]:
        count = _overdue(state, steps, count)
    return count


def _look_back(state, steps, count):
    """Half a stride late, and no swing led to a landing: the axis may be wrong, as after the pod was mounted otherwise.
    The strongest landing around the expected time is the contact, as soon as it is past its height."""
    k = state[_K]
    sample = 256 * state[_DECIMATION]
    period = state[_PERIOD] // sample
    since = (k - state[_LAST_K]) & _MASK
    is_last_look = since >= period + period // 4 + state[_W290]
    if not is_last_look:
        # The contact before is to be reported within 1.5 strides.
        age = ((_centre(state, k) - state[_slot(state[_LAST]) + _C_IC]) & _MASK) // sample
        if age + state[_HOP] < period + period // 2:
            return count
    waiting = state[_PENDING]
    clear = waiting >= 0 and state[_slot(waiting) + _C_STRENGTH] * 2 >= state[_LEVEL]
    state[_LOOKED] = 1 if is_last_look or clear else 0
    if clear:
        return count
    best = 0  # at most 16 383, as of all candidates
    back = 0
    # As far as the vectors reach that the landing is measured by, and from 3/4 of a stride on.
    held = (_NEAR - state[_W190] - state[_W130] - 2 * state[_W10]) // state[_HOP]
    reach = (since - period // 4 * 3 - state[_W190]) // state[_HOP]
    for i in range(min(reach, held, _LATELY + 1)):
        strength = state[_STRENGTHS + ((state[_TICKS] - i) & _LATELY)]
        if strength > best:
            best = min(strength, 16_383)
            back = i
    if best * 2 < state[_LEVEL] or (back * state[_HOP] < state[_W60] and not is_last_look):
        return count
    state[_LOOKED] = 1
    at = (k - state[_W190] - back * state[_HOP]) & _MASK
    if (at - state[_OTHER_K] + state[_W60]) & _MASK < 2 * state[_W60]:
        state[_DOUBT] += 2
        if state[_DOUBT] >= 4:
            state[_SIGN] = -state[_SIGN]
            state[_DOUBT] = 0
    return _take(state, at, best, state[_SIGN], 1, 0, steps, count)


def _past_best(state, middle, steps, count):
    """The greatest strength lies behind: is it a candidate? -> steps in `steps`."""
    best = state[_BEST]
    best_k = state[_BEST_K]
    since = (middle - best_k) & _MASK
    if since >= state[_W250]:
        state[_BEST] = 0
        if best >= _STRENGTH_MIN and best_k != state[_OFFERED_K]:
            return _candidate(state, best_k, best, 0, steps, count)
    elif since >= state[_W60] and best_k != state[_OFFERED_K] and _is_in_rhythm(state, best_k, best):
        # And past its height: it need not wait until nothing stronger can come.
        state[_OFFERED_K] = best_k
        return _candidate(state, best_k, best, 0, steps, count)
    return count


def _strength(state):
    """Landing strength around the internal sample 190 ms ago, in 1/256."""
    size = state[_ROUND]
    now = state[_HERE]
    middle = now - _WIDE * state[_W190]
    w40 = _WIDE * state[_W40]
    # Total variation over 80 ms in g is 8 times the mean change in g per 10 ms.
    shock = state[_JERKS + (middle + w40) % size] - state[_JERKS + (middle - w40) % size]
    shock = (shock & _MASK) >> 3
    if shock <= _SHOCK_MIN:
        return 0
    w100 = state[_W100]
    braking = state[_DEVS + (middle - _WIDE * state[_W70]) % size]
    braking -= state[_DEVS + (middle - _WIDE * state[_W170]) % size]
    braking = (braking & _MASK) // w100 + _BRAKING_FLOOR
    after = (middle + _WIDE * state[_W90]) % size
    activity = ((state[_DEVS + now] - state[_DEVS + after]) & _MASK) // w100
    activity += ((state[_JERKS + now] - state[_JERKS + after]) & _MASK) // 10
    # below 2**14 x 2**15
    return (min(shock, 16_383) * braking // (activity + _ACTIVITY_FLOOR)) >> 1


def _turn_axis(state, ticks):
    """Learn the axis of rotation: a leaky covariance over 5 s, now and then two power steps from the axis so far."""
    if ticks & 1:
        return
    at = state[_ROTATION] + (state[_K] & _FAR)
    u = state[at] >> 13
    v = _v(state, at) >> 5
    w = state[at + _LOWER] >> 13
    c = _COVARIANCE
    state[c] += u * u - (state[c] >> 7)  # 2**20 x 2**7 at most, as all six
    state[c + 1] += u * v - (state[c + 1] >> 7)
    state[c + 2] += u * w - (state[c + 2] >> 7)
    state[c + 3] += v * v - (state[c + 3] >> 7)
    state[c + 4] += v * w - (state[c + 4] >> 7)
    state[c + 5] += w * w - (state[c + 5] >> 7)
    if ticks & 15:
        return
    trace = state[c] + state[c + 3] + state[c + 5]
    if trace < 1 << 13:
        return  # at rest: the axis stays
    shift = 0
    while trace >> shift >= 1 << 14:
        shift += 1
    xx = state[c] >> shift
    xy = state[c + 1] >> shift
    xz = state[c + 2] >> shift
    yy = state[c + 3] >> shift
    yz = state[c + 4] >> shift
    zz = state[c + 5] >> shift
    u = state[_AXIS]
    v = state[_AXIS + 1]
    w = state[_AXIS + 2]
    if u == 0 and v == 0 and w == 0:
        # The column of the greatest variance is not at a right angle to the axis.
        u = 4096 if xx >= yy and xx >= zz else 0
        v = 4096 if u == 0 and yy >= zz else 0
        w = 4096 if u == 0 and v == 0 else 0
    for _ in range(2):
        x = (xx * u + xy * v + xz * w) >> 8  # 3 x 2**14 x 2**12 before the shift
        y = (xy * u + yy * v + yz * w) >> 8
        z = (xz * u + yz * v + zz * w) >> 8
        most = max(abs(x), abs(y), abs(z))
        while most >= 1 << 13:
            x >>= 1
            y >>= 1
            z >>= 1
            most >>= 1
        size = max(1, _root(x * x + y * y + z * z, most))
        u = (x << 12) // size
        v = (y << 12) // size
        w = (z << 12) // size
    state[_AXIS] = u
    state[_AXIS + 1] = v
    state[_AXIS + 2] = w


def _about(state, k):
    """Rotation about the axis, LSB."""
    at = state[_ROTATION] + (k & _FAR)
    u = state[at]
    w = state[at + _LOWER]
    v = ((u & 255) << 8 | w & 255) - 32768
    # 2**15 x 3**0.5 x 2**12
    return ((u >> 8) * state[_AXIS] + v * state[_AXIS + 1] + (w >> 8) * state[_AXIS + 2]) >> 12


def _v(state, at):
    """The middle one of the three rotations that lie there, LSB."""
    return ((state[at] & 255) << 8 | state[at + _LOWER] & 255) - 32768


def _rotate(state, steps, count):
    """Look at rotation as far as it may be: in search 0.4 s late, when the axis knows the first swing as well."""
    k = state[_K]
    hop = state[_HOP]
    while True:
        if state[_SWING]:
            count = _landing(state, steps, count)
        rests_k = state[_TURN_END]
        rests = rests_k >= 0 and not state[_SWING] and not state[_TURN]
        if rests and (k - rests_k) & _MASK >= state[_W190]:
            count = _turned(state, steps, count)
        late = 0 if state[_TRACKING] else state[_W400]
        if (k - state[_LOBE_K]) & _MASK < late + hop:
            return count
        at = (state[_LOBE_K] + hop) & _MASK
        state[_LOBE_K] = at
        _lobe(state, at)
        if _walks(state):
            _turn(state, at)


def _walks(state):
    """In a bout whose last stride was walked."""
    return state[_TRACKING] and state[_slot(state[_LAST]) + _C_KIND] == STEP_KIND_WALK


def _turn(state, k):
    """Follow the size of rotation: in a walker's turn, and where a bout begins or ends, the foot comes round about
    another axis than in its swings, and then rests."""
    at = state[_ROTATION] + (k & _FAR)
    u = state[at] >> 11
    v = _v(state, at) >> 3
    w = state[at + _LOWER] >> 11
    root = _root(u * u + v * v + w * w, state[_TURN_ROOT])  # 3 x 2**24
    state[_TURN_ROOT] = root
    size = root << 3
    if state[_TURN] == 0 and size >= state[_LOBE_START]:
        state[_TURN] = 1
        state[_TURN_MOST] = 0
        state[_TURN_SUM] = 0
    if state[_TURN] and size >= max(state[_LOBE_START], state[_TURN_MOST] >> 2):
        if state[_TURN_SUM] < 1 << 28:
            state[_TURN_SUM] += size
        state[_TURN_MOST] = max(state[_TURN_MOST], size)
        if _is_large_turn(state):
            state[_TURN_END] = -1
    elif state[_TURN]:
        state[_TURN] = 0
        if _is_large_turn(state):
            state[_TURN_END] = k


def _is_large_turn(state):
    """Whether this lobe moves the foot; what rattles after a landing does not."""
    return state[_TURN_MOST] >= state[_LOBE_LEAST] and state[_TURN_SUM] * 2 >= state[_LOBE_ANGLE]


def _turned(state, steps, count):
    """The foot has come round and rests, and no swing of the bout's kind was seen: a contact that may be a weak one."""
    end = state[_TURN_END]
    state[_TURN_END] = -1
    if not _walks(state):
        return count
    newest = _slot(state[_MADE] - 1)
    since = (end - state[newest + _C_K]) & _MASK
    if since >= _F_FAR or since < state[_W400]:
        return count  # its landing was seen
    return _take(state, end, _STRENGTH_MIN_OF_SWING, state[_SIGN], 0, 0, steps, count)


def _lobe(state, k):
    """Follow rotation from zero to zero; a lobe as large as a swing waits for its landing."""
    turn = _about(state, k)
    lobe = state[_LOBE]
    if lobe:
        size = turn * lobe
        if size > 0:
            if state[_LOBE_SUM] < 1 << 28:
                state[_LOBE_SUM] += size
            if size > state[_LOBE_MOST]:
                state[_LOBE_MOST] = size
            return
        state[_LOBE] = 0
        enough = state[_LOBE_MOST] >= state[_LOBE_LEAST] and state[_LOBE_SUM] * 2 >= state[_LOBE_ANGLE]
        # Heel rise can still be waiting when a fast swing ends: the bout's own way goes before, then the larger angle.
        waiting = state[_SWING]
        if waiting and waiting != lobe:
            enough = enough and lobe == state[_SIGN]
        elif waiting:
            enough = enough and state[_SWING_SUM] < state[_LOBE_SUM]
        if enough:
            state[_SWING] = lobe
            state[_SWING_END] = k
            state[_SWING_FROM] = state[_LOBE_FROM]
            state[_SWING_MOST] = state[_LOBE_MOST]
            state[_SWING_SUM] = state[_LOBE_SUM]
    if abs(turn) >= state[_LOBE_START]:
        state[_LOBE] = 1 if turn > 0 else -1
        state[_LOBE_FROM] = k
        state[_LOBE_MOST] = abs(turn)
        state[_LOBE_SUM] = abs(turn)


def _landing(state, steps, count):
    """The swing that waited ends in a landing: the strongest from 160 ms before its end to 100 ms after it.

    After the forefoot the heel comes down in the swing's sense, so that its end comes late. In rhythm and past its
    height a landing need not wait until nothing stronger can come.
    """
    sign = state[_SWING]
    since = (state[_K] - state[_SWING_END]) & _MASK
    early = since < state[_W290]
    if early and (since < state[_W100] or sign != state[_SIGN] or not state[_TRACKING]):
        return count
    hop = state[_HOP]
    # Ticks from the end of the swing to the newest strength.
    back = (since - state[_W190]) // hop
    best = 0
    best_back = 0
    for i in range(max(0, back - 5), min(back + 8, _LATELY) + 1):
        strength = state[_STRENGTHS + ((state[_TICKS] - i) & _LATELY)]
        if strength >= best:
            best = strength
            best_back = i
    best_k = (state[_K] - state[_W190] - best_back * hop) & _MASK
    if early and (best_back * hop < state[_W60] or not _is_in_rhythm(state, best_k, best)):
        return count
    state[_SWING] = 0
    return _candidate(state, best_k, best, sign, steps, count)


def _is_in_rhythm(state, k, strength):
    """In a bout: whether this landing comes when the next contact is expected, and is as strong as one."""
    since = (k - state[_LAST_K]) & _MASK
    if not state[_TRACKING] or since >= _LONG_AGO:
        return False
    off = since * (256 * state[_DECIMATION]) - state[_PERIOD]
    return abs(off) * 8 < state[_PERIOD] and strength * 2 >= state[_LEVEL]


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


def _at(state, k):
    """Where an internal sample of the last seconds lies in the ring."""
    return (state[_HERE] - _WIDE * ((state[_K] - k) & _AGE_MASK)) % state[_ROUND]


def _centre(state, k):
    """F of the centre of an internal sample of the last seconds."""
    decimation = state[_DECIMATION]
    start = state[_NUM] - (((state[_K] - k) & _MASK) + 1) * decimation
    return ((start & _F_SAMPLES) * 256 + (decimation - 1) * 128) & _MASK


def _candidate(state, k, strength, sign, steps, count):
    """Is the landing that is strongest at k worth measuring? -> steps in `steps`.

    `sign` is that of the rotation in its swing, which has just been found, or 0 without gyroscope.
    """
    # A tap comes out of rest, a landing out of a swing: without one the strength is weighted down.
    swing = state[_DEVS + _at(state, k - state[_W70])] - state[_DEVS + _at(state, k - state[_W400])]
    swing = (swing & _MASK) // (state[_W400] - state[_W70])
    strength = min(strength, 16_383) * min(swing, _SWING_FULL) // _SWING_FULL
    if strength < (_STRENGTH_MIN_OF_SWING if sign else _STRENGTH_MIN):
        return count
    if state[_TRACKING] and _is_beside(state, k, strength, sign):
        return count
    if sign and _is_known(state, k, sign):
        return count
    if state[_TRACKING] and sign == state[_SIGN] and strength * 2 >= state[_LEVEL]:
        state[_DOUBT] = 0
    if not sign:
        return _take(state, k, strength, 0, 1, 0, steps, count)
    return _take(state, k, strength, sign, 1 if _is_full(state) else 0, 1, steps, count)


def _take(state, k, strength, sign, full, swung, steps, count):
    """Measure this landing, and let search or bout decide upon it. -> steps in `steps`.

    `full`: it need not be looked at as a weak one. `swung`: _SWING_END and the like tell of the swing that led to it.
    """
    number = state[_MADE]
    state[_MADE] = (number + 1) & _MASK
    slot = _slot(number)
    state[slot + _C_K] = k
    state[slot + _C_STRENGTH] = strength
    state[slot + _C_PREVIOUS] = -1
    state[slot + _C_KIND] = STEP_KIND_UNCERTAIN
    state[slot + _C_CHAIN] = 1
    state[slot + _C_VALUE] = min(strength, _STRENGTH_CAP)
    state[slot + _C_SIGN] = sign
    state[slot + _C_RELEASE] = -1
    state[slot + _C_FULL] = full
    state[slot + _C_DIFF] = _MASK
    mark = _break(state, slot, k - state[_W130], state[_W130] + state[_W100])
    state[slot + _C_IC_K] = mark & _MASK
    if swung:
        _draw_to_rotation(state, slot, sign)
        _push_off(state, slot, sign)
    _impact(state, slot)
    if state[_TRACKING]:
        return _track(state, number, steps, count)
    return _search(state, number, steps, count)


def _is_known(state, k, sign):
    """True if this landing was taken already: the sole that comes down after it turns as the swing did.

    One that was taken for the landing of a lesser swing gives way.
    """
    full = _is_full(state)
    for back in range(1, min(3, (state[_MADE] - state[_FLOOR]) & _MASK) + 1):
        slot = _slot(state[_MADE] - back)
        apart = (k - state[slot + _C_K] + state[_W60]) & _MASK
        if state[slot + _C_SIGN] == sign and apart <= 2 * state[_W60]:
            if state[slot + _C_FULL] or not full:
                return True
            if not state[_TRACKING]:
                state[slot + _C_STRENGTH] = 0
    return False


def _is_full(state):
    """Whether the swing that led to a landing was a full one."""
    return state[_SWING_MOST] >= state[_LOBE_PEAK] and state[_SWING_SUM] >= state[_LOBE_ANGLE]


def _is_beside(state, k, strength, sign):
    """In a bout: True for what need not be measured, since it cannot be the next contact."""
    if sign:
        return sign != state[_SIGN] and not _is_doubt(state, k, strength)
    since = ((k - state[_LAST_K]) & _MASK) * (256 * state[_DECIMATION])
    return strength * 8 < state[_LEVEL] or (since * 2 < state[_PERIOD] and strength * 2 < state[_LEVEL])


def _is_doubt(state, k, strength):
    """A swing the other way: True when four full ones had stronger landings than the bout's contacts before them, or
    two that were eight times as strong."""
    if strength * 2 >= state[_LEVEL]:
        state[_OTHER_K] = k
    full = _is_full(state)
    last = state[_slot(state[_LAST]) + _C_STRENGTH]
    if full and strength > last:
        state[_DOUBT] += 2 if strength > 8 * last and strength > state[_LEVEL] else 1
    return state[_DOUBT] >= 4


def _break(state, slot, first, length):
    """Contact breaks the smooth braking of the swing: the landmark is where a fifth of the squared second difference
    of the acceleration vector (over 10 ms) has passed, of that from `first` on. -> its k, the contact in the slot.

    Where 10 ms are a single sample it is 2/9: that lies where a fifth lies at higher rates.
    """
    span = state[_W10]
    finer = 2 if span == 1 else 1
    around = max(2, span)
    peak = 0
    size = state[_ROUND]
    at = _at(state, first - around)
    for _ in range(length + 2 * around):
        peak = max(peak, state[_SQUARES + at])
        at = (at + _WIDE) % size
    # No second difference is longer than 8 x the greatest length, which is in 2 LSB: 2**10 and 9 for the roundings.
    shift = 0
    while peak >> 2 * shift >= 1 << 14:
        shift += 1
    count = finer * length
    for i in range(count):
        state[_ENERGIES + i] = 0
    for axis in range(_XS, _ZS + 1, _NEAR + 1):
        if finer > 1:
            _add_finer_energies(state, axis, first, length, shift)
        else:
            _add_energies(state, axis, first, length, shift)
    total = 0
    for i in range(count):
        total += state[_ENERGIES + i]  # 83 x 1033**2, finer 35 x (1033**2 + 1294**2)
        state[_ENERGIES + i] = total
    goal = total * 2 // 9 if finer > 1 else total // 5
    i = 0
    while state[_ENERGIES + i] < goal:
        i += 1
    before = state[_ENERGIES + i - 1] if i else 0
    part = (goal - before) * 256 // max(1, state[_ENERGIES + i] - before)  # 1294**2 x 256
    # An energy stands for the time from half a step before it to half of one after it.
    ic = _centre(state, first) + (i * 256 + part - 128) * state[_DECIMATION] // finer
    state[slot + _C_IC] = (ic - state[_F_BIAS]) & _MASK
    return first + i // finer


def _add_energies(state, axis, first, length, shift):
    """Add the square of one axis' second difference to the energy of each sample."""
    span = state[_W10]
    old = (first - span) & _NEAR
    mid = first & _NEAR
    at = (first + span) & _NEAR
    for i in range(_ENERGIES, _ENERGIES + length):
        bend = (state[axis + at] - 2 * state[axis + mid] + state[axis + old]) >> shift
        state[i] += bend * bend
        at = (at + 1) & _NEAR
        mid = (mid + 1) & _NEAR
        old = (old + 1) & _NEAR


def _add_finer_energies(state, axis, first, length, shift):
    """The same where 10 ms are a single sample, and half-way to the next one as well, by a cubic through four: squares
    have twice the bandwidth of what is squared."""
    before = 0
    here = 0
    after = 0
    x = state[axis + ((first - 2) & _NEAR)]
    y = state[axis + ((first - 1) & _NEAR)]
    for k in range(first, first + length + 3):
        z = state[axis + (k & _NEAR)]
        last = (z - 2 * y + x) >> shift  # of the sample before k
        x = y
        y = z
        i = k - first - 3
        if i >= 0:
            between = (9 * (here + after) - before - last) >> 4
            state[_ENERGIES + 2 * i] += here * here
            state[_ENERGIES + 2 * i + 1] += between * between
        before = here
        here = after
        after = last


def _draw_to_rotation(state, slot, sign):
    """In a walk, contact after a swing: the break is drawn to where rotation says by their usual difference."""
    end = state[_SWING_END]
    goal = -(state[_SWING_MOST] * 3 // 10)
    turned = _falls(state, end - state[_HOP], state[_HOP] + state[_W100], sign, goal)
    if turned < 0:
        turned = _falls(state, end - state[_HOP], state[_HOP], sign, 0)
    if turned < 0:
        return
    ic = state[slot + _C_IC]
    diff = (ic - turned) & _MASK
    if diff >= _F_FAR:
        diff -= _MASK + 1
    state[slot + _C_DIFF] = diff
    if state[_DIFFS] < 3 or not _walks(state):
        return  # in running the forefoot turns the foot otherwise than the heel, from stride to stride
    pull = _usual_diff(state) - diff
    pull = max(-state[_F_PULL], min(state[_F_PULL], pull * 2 // 5))
    state[slot + _C_IC] = (ic + pull) & _MASK
    decimation = state[_DECIMATION]
    state[slot + _C_IC_K] = (state[slot + _C_IC_K] + pull // (256 * decimation)) & _MASK


def _falls(state, first, length, sign, goal):
    """F where rotation times `sign` falls to `goal`; -1: nowhere."""
    before = _about(state, first) * sign
    for i in range(first + 1, first + length + 1):
        turn = _about(state, i) * sign
        if turn <= goal < before:
            part = (before - goal) * 256 // (before - turn)  # 2**15 x 3**0.5 x 2 x 256
            return (_centre(state, i - 1) + part * state[_DECIMATION]) & _MASK
        before = turn
    return -1


def _usual_diff(state):
    """Median of the last differences of the two landmarks, F."""
    held = min(state[_DIFFS], 9)
    for i in range(held):
        one = state[_DIFF + i]
        below = 0
        same = 0
        for j in range(held):
            if state[_DIFF + j] < one:
                below += 1
            elif state[_DIFF + j] == one:
                same += 1
        if below <= held // 2 < below + same:
            return one
    return 0


def _push_off(state, slot, sign):
    """Toe-off before the swing: where the rotation of push-off, the first hump against the swing's, has faded to 3/5.

    In running a second hump follows, while the leg bends in the air. In a walker who begins to run it is the greater.
    """
    start = state[_SWING_FROM]
    length = state[_W290] + state[_W40]
    if state[_TRACKING]:
        # From when the sole has come down.
        length = min(state[_W400], (start - state[_slot(state[_LAST]) + _C_IC_K] - state[_W70]) & _MASK)
    if ((state[_K] - start) & _MASK) + length > _FAR:
        return  # too long ago to be held
    deepest = 0
    for i in range(length):
        deepest = min(deepest, _about(state, start - i) * sign)
    if deepest > -state[_LOBE_START]:
        return
    i = length
    turn = _about(state, start - i) * sign
    while i > 0 and turn * 5 < deepest * 2:
        after = _about(state, start - i + 1) * sign
        if after <= turn:
            break
        i -= 1  # the sole still comes down after landing
        turn = after
    hump = 0
    at = start
    while i > 0:
        turn = _about(state, start - i) * sign
        if turn < hump:
            hump = turn
            at = start - i
        elif hump * 3 <= deepest and turn * 5 > hump * 3:
            break
        i -= 1
    length = min(state[_W250], start - at)
    state[slot + _C_RELEASE] = _falls(state, at, length, -sign, -(hump * 3 // 5))
    state[slot + _C_LEAPT] = 1 if hump * 4 > deepest * 3 else 0


def _impact(state, slot):
    """Peak, rise and clipping of the landing."""
    mark = state[slot + _C_IC_K]
    # From the landmark's own uncertainty before contact: the braking of the swing can be greater, and is no impact.
    peak = 0
    clip = 0
    highest = 0
    size = state[_ROUND]
    first = _at(state, mark - state[_W10])
    at = first
    for i in range(-state[_W10], state[_W100]):
        clip |= state[_LENGTHS + at] & _CLIPPED
        if state[_SQUARES + at] > peak:
            peak = state[_SQUARES + at]
            highest = i
        at = (at + _WIDE) % size
    state[slot + _C_CLIP] = clip
    state[slot + _C_PEAK] = _root(peak, state[_ROOT]) * (2 * state[_UG]) // 1000  # 28378 x 2200
    rise = 0
    before = state[_LENGTHS + (first - _WIDE) % size] & _LENGTH_MASK
    at = first
    for _ in range(-state[_W10], highest + 1):
        length = state[_LENGTHS + at] & _LENGTH_MASK
        rise = max(rise, length - before)
        before = length
        at = (at + _WIDE) % size
    state[slot + _C_RISE] = rise * (state[_RATE_HZ100] // 20) // 2560  # 31964 x 1800; u to g: 512


def _push(state, at):
    """Length of the acceleration over three internal samples, times 3. `at`: of the middle one, or rounds off it."""
    size = state[_ROUND]
    return (
        (state[_LENGTHS + (at - _WIDE) % size] & _LENGTH_MASK)
        + (state[_LENGTHS + at % size] & _LENGTH_MASK)
        + (state[_LENGTHS + (at + _WIDE) % size] & _LENGTH_MASK)
    )


def _activity(state, before, slot):
    """Mean of ||a| - 1 g| (u) from one candidate's contact to another's."""
    k = state[slot + _C_IC_K]
    start = state[before + _C_IC_K]
    length = max(1, (k - start) & _MASK)
    return ((state[_DEVS + _at(state, k)] - state[_DEVS + _at(state, start)]) & _MASK) // length


def _link(state, slot, previous):
    """Take `previous` as the contact before: the stride between the two, its toe-off and its activity."""
    before = _slot(previous)
    stride = (state[slot + _C_IC] - state[before + _C_IC]) & _MASK
    state[slot + _C_PREVIOUS] = previous
    state[slot + _C_STRIDE] = stride
    k = state[slot + _C_IC_K]
    start = state[before + _C_IC_K]
    length = (k - start) & _MASK
    at = _at(state, start)
    gaps = (state[_LENGTHS + _at(state, k)] >> _GAPS) - (state[_LENGTHS + at] >> _GAPS)
    state[slot + _C_GAP] = 1 if gaps != 0 else 0
    kind = _kind(state, before, slot, stride)
    state[slot + _C_KIND] = kind
    state[slot + _C_SEEN] = 0
    if state[slot + _C_RELEASE] >= 0:
        walked = kind == STEP_KIND_WALK and not state[slot + _C_LEAPT]
        late = state[_F_BIAS_WALK] if walked else -state[_F_BIAS_RUN]
        contact = (state[slot + _C_RELEASE] - late - state[before + _C_IC]) & _MASK
        # No foot swings in less than a quarter of a second.
        if stride // 8 < contact < stride - state[_W250] * (256 * state[_DECIMATION]):
            state[slot + _C_CONTACT] = contact
            state[slot + _C_SEEN] = 1
            return

    # Push-off is the first hump, in the part of the stride where it can be, of at least 9/10 of the greatest there; in
    # running of 6/10 of it, since the swing begins with another.
    low = 52
    high = 74
    share = 9
    if kind == STEP_KIND_RUN or (kind == STEP_KIND_UNCERTAIN and stride < state[_F_UNSURE]):
        low = 18
        high = 45
        share = 6
    low = length * low // 100
    high = length * high // 100
    greatest = 0
    for i in range(low, high):
        greatest = max(greatest, _push(state, at + _WIDE * i))
    i = low
    while i < high and (
        _push(state, at + _WIDE * i) * 10 < greatest * share
        or _push(state, at + _WIDE * (i + 1)) > _push(state, at + _WIDE * i)
    ):
        i += 1
    toe_off = (start + i) & _MASK
    late = state[_F_BIAS_HUMP] if share < 9 else 0
    state[slot + _C_CONTACT] = (_centre(state, toe_off) + late - state[before + _C_IC]) & _MASK


def _kind(state, before, slot, stride):
    """Walk, run or uncertain, by what the foot does from 18 to 45 % of the stride: it stands, or it pushes off."""
    if stride > state[_F_RUN_MAX]:
        return STEP_KIND_WALK
    start = state[before + _C_IC_K]
    length = (state[slot + _C_IC_K] - start) & _MASK
    low = length * 18 // 100
    high = max(low + 1, length * 45 // 100)
    at = _at(state, start)
    size = state[_ROUND]
    stance = state[_DEVS + (at + _WIDE * high) % size] - state[_DEVS + (at + _WIDE * low) % size]
    stance = (stance & _MASK) // (high - low)
    if stance < _STANDS_MAX:
        return STEP_KIND_WALK
    if stance > _PUSHES_MIN and _activity(state, before, slot) > _RUN_MIN:
        return STEP_KIND_RUN
    return STEP_KIND_UNCERTAIN


def _is_still(state, before, slot, dev):
    """True if the acceleration keeps size and direction from 15 to 40 % of a walker's stride, as a foot's that stands.

    Its standard deviation is held against the mean activity of the stride: walking has 0.03 to 0.5, in a pod that
    rattles 0.8, soles that are swung and banged together 1.1 and more.
    """
    hop = state[_HOP]
    start = state[before + _C_IC_K]
    length = (state[slot + _C_IC_K] - start) & _MASK
    first = state[_TICK_HERE] - 2 * (((state[_K] - start - length * 15 // 100) & _MASK) // hop)
    count = max(2, length // (4 * hop))
    mean_x = 0
    mean_y = 0
    mean_z = 0
    for i in range(count):
        at = (first + 2 * i) % _TICK_ROUND
        mean_x += state[_TICK_XY + at] >> 13
        mean_y += (state[_TICK_XY + at] & 8191) - 4096
        mean_z += state[_TICK_Z + at]
    mean_x //= count
    mean_y //= count
    mean_z //= count
    squares = 0
    for i in range(count):
        at = (first + 2 * i) % _TICK_ROUND
        x = (state[_TICK_XY + at] >> 13) - mean_x
        y = (state[_TICK_XY + at] & 8191) - 4096 - mean_y
        z = state[_TICK_Z + at] - mean_z
        squares += min(x * x + y * y + z * z, 1 << 22)  # 3 x 2**26 before; 32 of them
    return squares // count * 100 < dev * dev  # dev in u, eight times the unit here: (0.8)**2 = 64 / 100


def _is_gait(state, before, slot, stride):
    """True if two landings so far apart can be a stride: quick ones are lively, the foot stands or pushes off in
    between, and the shock stands out."""
    dev = _activity(state, before, slot)
    if stride < state[_F_QUICK]:
        least = _QUICK_MIN
    else:
        # 0.1 g at 1.2 s and above, 0.6 g at 0.8 s
        least = _SLOW_MIN + max(0, state[_F_SLOW] - stride) // (state[_F_SLOW] // _SLOPE)
    if dev < least:
        return False
    kind = _kind(state, before, slot, stride)
    if kind != STEP_KIND_WALK and dev < _QUICK_MIN:
        return False
    if kind == STEP_KIND_WALK and not _is_still(state, before, slot, min(dev, 4096)):
        return False
    k = state[slot + _C_K]
    w40 = state[_W40]
    shock = ((state[_JERKS + _at(state, k + w40)] - state[_JERKS + _at(state, k - w40)]) & _MASK) >> 4
    start = state[before + _C_K]
    all_of_it = ((state[_JERKS + _at(state, k)] - state[_JERKS + _at(state, start)]) & _MASK) >> 4
    # 7/4 of the mean change: 84 x 4000 x 683 and 683 x 4000 x 58 x 7/4
    return shock * ((k - start) & _MASK) >= all_of_it * (2 * w40) // 4 * 7


def _search(state, number, steps, count):
    """No bout yet: is this the fourth contact of a chain in rhythm? -> steps in `steps`."""
    slot = _slot(number)
    if not state[slot + _C_FULL]:
        return count
    own = state[slot + _C_VALUE]
    lead = -1
    between = 0
    held = min((number - state[_FLOOR]) & _MASK, _CANDIDATES - 1)
    previous = -1
    for back in range(1, held + 1):
        other = (number - back) & _MASK
        before = _slot(other)
        stride = (state[slot + _C_IC] - state[before + _C_IC]) & _MASK
        long_ago = (
            state[slot + _C_IC_K] - state[before + _C_IC_K]
        ) & _MASK >= _LONG_AGO  # where F may have come round
        if long_ago or _F_FAR > stride > state[_F_STRIDE_MAX]:
            break
        skipped = between
        if state[before + _C_FULL] or state[before + _C_SIGN] == state[slot + _C_SIGN]:
            between += min(state[before + _C_STRENGTH], _STRENGTH_CAP)
        if (
            stride < state[_F_STRIDE_MIN]
            or stride >= _F_FAR
            or state[slot + _C_SIGN] != state[before + _C_SIGN]
        ):
            continue
        if lead < 0:
            lead = other
        if not state[before + _C_FULL]:
            continue
        if not _is_gait(state, before, slot, stride):
            continue
        chain = state[before + _C_CHAIN] + 1
        value = state[before + _C_VALUE]
        if chain > 2 and abs(stride - state[before + _C_STRIDE]) * 4 > state[before + _C_STRIDE]:
            chain = 2  # out of its rhythm: the first of a new chain
            value = min(state[before + _C_STRENGTH], _STRENGTH_CAP)
        value += own - skipped * 3 // 2
        if value > state[slot + _C_VALUE]:
            state[slot + _C_VALUE] = value
            state[slot + _C_CHAIN] = chain
            previous = other
    if previous < 0:
        if lead >= 0 and state[slot + _C_SIGN]:
            _link(state, slot, lead)
        return count
    _link(state, slot, previous)
    least = _CHAIN_MIN - 1 if state[slot + _C_SIGN] else _CHAIN_MIN
    if state[slot + _C_CHAIN] < least or state[slot + _C_VALUE] < _VALUE_MIN:
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
    before = state[_slot(first) + _C_PREVIOUS]
    if state[slot + _C_SIGN] and before >= 0 and (number - before) & _MASK < _CANDIDATES:
        links += 1  # a first step, out of the rhythm that follows
    level = 0
    for back in range(links, 0, -1):
        following = number
        for _ in range(back - 1):
            following = state[_slot(following) + _C_PREVIOUS]
        first = state[_slot(following) + _C_PREVIOUS]
        count = _emit(state, first, following, steps, count)
        level += state[_slot(first) + _C_STRENGTH]
    state[_LEVEL] = level // links
    state[_SIGN] = state[slot + _C_SIGN]
    state[_DOUBT] = 0
    state[_UNLIKE] = 0
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
    state[_LOOKED] = 0
    state[_LAST_K] = state[slot + _C_K]
    if state[slot + _C_DIFF] != _MASK and state[slot + _C_KIND] == STEP_KIND_WALK:
        state[_DIFF + state[_DIFFS] % 9] = state[slot + _C_DIFF]
        state[_DIFFS] = state[_DIFFS] + 1 if state[_DIFFS] < 17 else 9
    # 1.5 strides, and what a strength and its dominance take.
    wait = min(state[_PERIOD] // 2 * 3, state[_F_STRIDE_MAX]) // (256 * state[_DECIMATION])
    if state[slot + _C_SIGN]:
        wait = state[_F_STRIDE_MAX] // (256 * state[_DECIMATION])
    state[_OVERDUE] = wait + state[_W190] + state[_W250]


def _track(state, number, steps, count):
    """In a bout: is this its next contact? -> steps in `steps`."""
    slot = _slot(number)
    if state[_SIGN]:
        return _track_swing(state, number, steps, count)
    last = _slot(state[_LAST])
    period = state[_PERIOD]
    stride = (state[slot + _C_IC] - state[last + _C_IC]) & _MASK
    late = stride > period // 2 * 3
    if state[_PENDING] >= 0 and not late:
        # A walker who begins to run: the one that waits is a contact itself, if a stride has room between the two.
        other = _slot(state[_PENDING])
        room = (state[slot + _C_IC] - state[other + _C_IC]) & _MASK
        strength = state[other + _C_STRENGTH]
        lively = strength * 2 >= state[_LEVEL] and _activity(state, last, other) >= _WALK_MAX
        # Landings of a softer gait are weaker, but each is like the next.
        runs = strength * 2 >= state[slot + _C_STRENGTH] and _activity(state, other, slot) >= _QUICK_MIN
        runs = runs and _kind(state, other, slot, room) == STEP_KIND_RUN
        if _F_FAR > room >= state[_F_STRIDE_MIN] and (lively or runs):
            state[_PERIOD] = room
            late = True
    if late:
        count = _overdue(state, steps, count)
        if not state[_TRACKING]:
            return _search(state, number, steps, count)
    return _track_one(state, number, steps, count)


def _track_swing(state, number, steps, count):
    """The same with gyroscope: every landing out of a swing the bout's way counts, in whatever rhythm a turn has."""
    slot = _slot(number)
    last = _slot(state[_LAST])
    if state[slot + _C_SIGN] != state[_SIGN]:
        # It was the other way round: begin anew.
        count = _end(state, 0, steps, count)
        return _search(state, number, steps, count)
    stride = (state[slot + _C_IC] - state[last + _C_IC]) & _MASK
    if stride >= _F_FAR or stride < max(state[_F_STRIDE_MIN], state[_PERIOD] // 2):
        return count
    clear = state[slot + _C_FULL] and state[slot + _C_STRENGTH] * 8 >= state[_LEVEL]
    waiting = state[_PENDING]
    if waiting >= 0:
        # A weak one counts unless a clear one follows it too soon.
        other = _slot(waiting)
        room = (state[slot + _C_IC] - state[other + _C_IC]) & _MASK
        if _F_FAR > room >= max(state[_F_STRIDE_MIN], state[_PERIOD] // 2):
            count = _accept(state, steps, count)
            if not state[_TRACKING]:
                return _search(state, number, steps, count)
        elif not clear:
            return count
    state[_PENDING] = number
    if clear:
        return _accept(state, steps, count)
    return count


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
        if state[slot + _C_STRENGTH] * near <= state[other + _C_STRENGTH] * other_near:
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
    last = _slot(state[_LAST])
    if _is_gait(state, last, slot, (state[slot + _C_IC] - state[last + _C_IC]) & _MASK):
        state[_UNLIKE] = 0
    else:
        state[_UNLIKE] += 1
    _link(state, slot, state[_LAST])
    count = _emit(state, state[_LAST], number, steps, count)
    state[_PERIOD] += (state[slot + _C_STRIDE] - state[_PERIOD]) // 4
    state[_LEVEL] += (min(state[slot + _C_STRENGTH], 4 * state[_LEVEL]) - state[_LEVEL]) // 4
    _reach(state, number)
    if state[_UNLIKE] > 3:
        return _stop(state, steps, count)
    return count


def _end(state, flags, steps, count):
    """The bout is over: its last contact has no stride. -> steps in `steps`."""
    if state[_PENDING] >= 0:
        count = _accept(state, steps, count)
    if state[_TRACKING]:
        count = _stop(state, steps, count)
    steps[(count - 1) * STEP_SIZE + FLAGS] |= flags
    return count


def _stop(state, steps, count):
    """The contact that the bout has reached is its last. -> steps in `steps`."""
    state[_TRACKING] = 0
    state[_TURN] = 0
    state[_TURN_END] = -1
    state[_FLOOR] = (state[_LAST] + 1) & _MASK
    return _emit(state, state[_LAST], -1, steps, count)


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
    flags = state[_UNRELIABLE]
    if state[slot + _C_CLIP]:
        flags |= STEP_CLIPPED
    contact = -1
    stride = -1
    kind = STEP_KIND_UNCERTAIN
    if following >= 0:
        after = _slot(following)
        contact = state[after + _C_CONTACT]
        stride = state[after + _C_STRIDE]
        kind = state[after + _C_KIND]
        if state[after + _C_GAP]:
            flags |= STEP_AFTER_GAP
        if not state[after + _C_SEEN]:
            flags |= STEP_TOE_OFF_ESTIMATED
    elif state[slot + _C_PREVIOUS] >= 0:
        kind = state[slot + _C_KIND]
    steps[to + CONTACT] = contact
    steps[to + STRIDE] = stride
    steps[to + KIND] = kind
    steps[to + FLAGS] = flags
    return count + 1
