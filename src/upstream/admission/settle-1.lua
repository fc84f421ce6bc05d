-- A call is over, or known to go well or badly: corrects what was booked, gives back the place, judges the channel. Who settles
-- a lease that another has taken over (a frozen worker that thawed) corrects its own booking, and gives nothing back.
-- KEYS  1 gate
-- ARGV  1 {run, holder (the name that its lease is open under), subjects, lease {slot, cost, tokens, early, probe, token}, tokens (really used; absent: as booked), sent (false: it never reached the upstream),
--         release ('call': it is over; 'run': so is the run), verdict 'well' | 'badly' | absent, blockedMs, remaining {requests, tokens} as the upstream told,
--         model and answer (its length in tokens), breaker {failures, openMs}}  2 channel
-- Returns 1 when somebody waits.
local told = cjson.decode(ARGV[1])
local c = cjson.decode(ARGV[2])
local state = stateOf(c)
local lease = told.lease
-- Absent: it was given by a former release.
local current = lease.token and redis.call('HGET', HOLDS, told.holder)
local isOwn = not current or current == lease.token
-- Whoever called under it took its booking along.
local isMoved = current and not isOwn and string.sub(current, 1, #lease.token + 1) == lease.token .. '/'
-- Tokens of the longest answer that is believed, and how long a tenant's own are remembered.
local LONGEST = 200000
local A_DAY = 86400000

local function correct(kind, field, booked, by)
  -- One that was booked later than now was booked before the clock was set back, and lies in the present by now.
  local slot = math.min(booked, SLOT)
  if by == 0 or slot <= SLOT - KEPT then return end
  -- What a former release did not book is not taken away.
  if redis.call('HINCRBY', state.key .. ':ring', kind .. slot, by) < 0 then return redis.call('HINCRBY', state.key .. ':ring', kind .. slot, -by) end
  state[field] = math.max(0, state[field] + by)
end

local paced = not lease.early and lease.cost > 0
if isMoved then
  paced = false
elseif told.sent == false then
  correct('r', 'requests', lease.slot, -1)
  correct('t', 'tokens', lease.slot, -tokensFor(c, lease.tokens))
  if lease.early then correct('b', 'burst', lease.slot, -lease.cost) end
  if paced then state.next = state.next - gapOf(state, lease.cost) end
elseif told.tokens then
  local used = tokensFor(c, told.tokens)
  correct('t', 'tokens', lease.slot, used - tokensFor(c, lease.tokens))
  -- What went out ahead of the pace slows it by what it really took.
  if lease.early then correct('b', 'burst', lease.slot, costOf(c, used) - lease.cost) end
  if paced then state.next = state.next - gapOf(state, lease.cost) + gapOf(state, costOf(c, used)) end
end

-- Others use the same key: what the upstream says is left holds, where it is less than what we believe.
local function phantom(kind, field, limit, left)
  if left and limit and limit - state[field] > left then correct(kind, field, SLOT, limit - state[field] - left) end
end
if told.remaining then
  phantom('r', 'requests', c.rpm, told.remaining.requests)
  phantom('t', 'tokens', c.tpm, told.remaining.tokens)
end
if told.blockedMs then state.blocked = math.max(state.blocked, NOW + told.blockedMs) end
-- How long calls hold their place, for the forecast: a running mean over about 16 of them.
local began = c.con and told.release and isOwn and tonumber(redis.call('ZSCORE', state.key .. ':began', told.holder))
if began then
  redis.call('ZREM', state.key .. ':began', told.holder)
  if told.sent ~= false then
    state.ended = math.min(16, state.ended + 1)
    state.held = math.floor((state.held or 0) + (math.max(0, NOW - began) - (state.held or 0)) / state.ended)
    redis.call('HSET', state.key, 'held', state.held, 'ended', state.ended)
  end
end
redis.call('HSET', state.key, 'swept', state.swept, 'requests', state.requests, 'tokens', state.tokens, 'burst', state.burst, 'next', math.floor(state.next))
if told.blockedMs then redis.call('HSET', state.key, 'blocked', state.blocked) end

-- The breaker: so many failures in a row, or a failed probe, open it, each time for twice as long. While it is open only the
-- probe has a say: what else ends then began before. A probe that was judged well is a call like any other from then on.
local isProbe = lease.probe and isOwn and state.opened > 0 and state.probe == told.holder
local verdict = (state.opened == 0 or isProbe) and told.verdict
if verdict == 'well' then
  redis.call('HSET', state.key, 'failures', 0, 'trips', 0, 'opened', 0, 'probe', '')
elseif verdict == 'badly' then
  local failures = redis.call('HINCRBY', state.key, 'failures', 1)
  if isProbe or failures >= told.breaker.failures then
    local trips = redis.call('HINCRBY', state.key, 'trips', 1)
    redis.call('HSET', state.key, 'opened', NOW + math.min(math.max(60000, told.breaker.openMs), told.breaker.openMs * 2 ^ math.min(10, trips - 1)), 'probe', '', 'failures', 0)
  end
elseif isProbe and told.release then
  redis.call('HSET', state.key, 'probe', '')
end

if told.release and isOwn then
  redis.call('ZREM', GATE .. ':open', told.holder)
  redis.call('ZREM', state.key .. ':open', told.holder)
  redis.call('ZREM', state.key .. ':began', told.holder)
  redis.call('HDEL', HOLDS, told.holder)
  -- After a second call's end, too: by then the run's own lease was given back, unless it is another worker's.
  if told.release == 'run' and redis.call('HEXISTS', HOLDS, told.run) == 0 then
    for _, subject in ipairs(told.subjects) do redis.call('ZREM', GATE .. ':subject:' .. subject, told.run) end
  end
end
-- How long answers of a model are, for the estimate of the next: a running mean over about 32 of them, in thousandths
-- of a token. Those of a tenant's own channels are kept apart, and no upstream's word counts for more than is likely.
if told.answer then
  local key = GATE .. ':answers' .. (c.owner and ':' .. c.owner or '')
  local length = 1000 * math.max(1, math.min(LONGEST, tonumber(told.answer) or 1))
  local known = tonumber(redis.call('HGET', key, told.model))
  if known and (known < 1000 or known > 1000 * LONGEST) then known = nil end
  redis.call('HSET', key, told.model, math.floor(known and known + (length - known) / 32 or length))
  if c.owner then redis.call('PEXPIRE', key, A_DAY) end
end
return redis.call('EXISTS', GATE .. ':pools')
