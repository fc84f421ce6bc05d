-- What channels may still be asked for. Stands before every step of admission; a part, not a step.
-- KEYS[1] is the gate's name: every key begins with it, and so they all lie in its cluster slot.
-- Times are Redis's own, in ms: the clocks of the nodes do not matter.
local GATE = KEYS[1]
local clock = redis.call('TIME')
local NOW = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- The minute is a ring of half seconds. What was admitted counts for 61 to 61.5 s: a call that reaches the
-- upstream a second later than another still finds the upstream's own 60 s over.
local BUCKET = 500
local KEPT = 123
local WINDOW = KEPT * BUCKET - BUCKET / 2
local SLOT = math.floor(NOW / BUCKET)
-- A lease that is not renewed for so long has lost its holder.
local LEASE = 15000
-- A minute's allowance, in parts; and how much of it may go out unpaced, as long as all who are there fit into
-- that. The rest is spread over the minute: whoever comes next waits for one slot, not for the window.
local MINUTE = 1000000
local BURST = 500000
-- Tokens that one call counts for at most where its channel has no limit.
local MOST = 10000000
-- The longest that is believed of a rest that was set before the clock was set back.
local REST = 60000
-- How far behind its pace a channel may catch up.
local SLACK = 500

-- Whose a lease is: hash  holder -> token. One that another worker took over is no longer the first one's to give back.
local HOLDS = GATE .. ':holds'

local lost = redis.call('ZRANGEBYSCORE', GATE .. ':open', '-inf', NOW)
if #lost > 0 then
  redis.call('ZREMRANGEBYSCORE', GATE .. ':open', '-inf', NOW)
  for _, holder in ipairs(lost) do redis.call('HDEL', HOLDS, holder) end
end

local states = {}

local function sweep(state)
  local over = SLOT - KEPT
  if state.swept >= over then return end
  local ring = state.key .. ':ring'
  if over - state.swept >= KEPT then
    redis.call('DEL', ring)
    state.requests, state.tokens, state.burst = 0, 0, 0
  else
    for slot = state.swept + 1, over do
      local gone = redis.call('HMGET', ring, 'r' .. slot, 't' .. slot, 'b' .. slot)
      if gone[1] or gone[2] or gone[3] then
        state.requests = math.max(0, state.requests - (tonumber(gone[1]) or 0))
        state.tokens = math.max(0, state.tokens - (tonumber(gone[2]) or 0))
        state.burst = math.max(0, state.burst - (tonumber(gone[3]) or 0))
        redis.call('HDEL', ring, 'r' .. slot, 't' .. slot, 'b' .. slot)
      end
    end
  end
  state.swept = over
  redis.call('HSET', state.key, 'swept', over, 'requests', state.requests, 'tokens', state.tokens, 'burst', state.burst)
end

-- Redis's clock was set back by more than a minute: what is booked lies where it would never be swept away, and what was to
-- last for moments would last for all that time once more. It counts for a minute from now on, as the upstream's minute goes on.
local function bringBack(state)
  local ring, open = state.key .. ':ring', state.key .. ':open'
  state.swept, state.next = SLOT - KEPT, 0
  state.blocked, state.opened = math.min(state.blocked, NOW + REST), math.min(state.opened, NOW + REST)
  redis.call('DEL', ring, state.key .. ':began')
  redis.call('HSET', ring, 'r' .. SLOT, state.requests, 't' .. SLOT, state.tokens, 'b' .. SLOT, state.burst)
  redis.call('PEXPIRE', ring, WINDOW * 2)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', open, NOW + LEASE + 1, '+inf')) do redis.call('ZADD', open, NOW + LEASE, id) end
  redis.call('HSET', state.key, 'swept', state.swept, 'next', 0, 'blocked', state.blocked, 'opened', state.opened)
end

-- Takes the places of lost leases away.
local function tidyPlaces(key)
  if redis.call('ZREMRANGEBYSCORE', key .. ':open', '-inf', NOW) == 0 then return end
  for _, id in ipairs(redis.call('ZRANGE', key .. ':began', 0, -1)) do
    if not redis.call('ZSCORE', key .. ':open', id) then redis.call('ZREM', key .. ':began', id) end
  end
end

-- The state of a channel; c: id, and of its limits rpm, tpm, con.
local function stateOf(c)
  local state = states[c.id]
  if state then return state end
  local key = GATE .. ':channel:' .. c.id
  local v = redis.call('HMGET', key, 'swept', 'requests', 'tokens', 'burst', 'next', 'blocked', 'opened', 'probe', 'held', 'ended')
  state = {
    key = key, swept = tonumber(v[1]) or SLOT - KEPT, requests = tonumber(v[2]) or 0, tokens = tonumber(v[3]) or 0, burst = tonumber(v[4]) or 0,
    next = tonumber(v[5]) or 0, blocked = tonumber(v[6]) or 0, opened = tonumber(v[7]) or 0, probe = v[8] or '',
    held = tonumber(v[9]), ended = tonumber(v[10]) or 0,
  }
  states[c.id] = state
  if state.swept >= SLOT then bringBack(state) end
  sweep(state)
  if c.con then
    tidyPlaces(key)
    state.running = redis.call('ZCARD', key .. ':open')
  end
  return state
end

-- A text longer than the whole minute's tokens still goes, alone.
local function tokensFor(c, tokens)
  return math.min(tokens, c.tpm or MOST)
end

-- The part of a minute's allowance that a call takes.
local function costOf(c, tokens)
  local cost = 0
  if c.rpm then cost = MINUTE / c.rpm end
  if c.tpm then cost = math.max(cost, tokensFor(c, tokens) * MINUTE / c.tpm) end
  return math.ceil(cost)
end

local function gapOf(state, cost)
  -- What went out early may have taken more than was booked for it.
  return cost * WINDOW / math.max(MINUTE / 10, MINUTE - state.burst)
end

-- Whether the one thing that a channel on probation was asked is under way: there, as its run may be answered by another by now.
local function probesOn(state)
  local ends = redis.call('ZSCORE', state.key .. ':open', state.probe)
  return ends and tonumber(ends) > NOW
end

-- The ms for which a channel is asked nothing, whoever asks.
local function barredOf(c)
  local state = stateOf(c)
  if c.paused then return 1000 end
  if state.blocked > NOW then return state.blocked - NOW end
  if state.opened > NOW then return state.opened - NOW end
  if state.opened > 0 and state.probe ~= '' and probesOn(state) then return 250 end
  return 0
end

-- 0 when a channel's minute has room for a call now, else the ms until it is worth asking again. Second answer: whether it goes out
-- ahead of the pace. crowd: how many are to go out, this one included; a crowd for which the burst has room is not paced.
local function pacedOf(c, tokens, crowd)
  local state = stateOf(c)
  local cost = costOf(c, tokens)
  if cost == 0 then return 0, false end
  if (c.rpm and state.requests + 1 > c.rpm) or (c.tpm and state.tokens > 0 and state.tokens + tokensFor(c, tokens) > c.tpm) then
    return math.ceil(math.max(BUCKET - NOW % BUCKET, state.next - NOW))
  end
  if state.next <= NOW then return 0, false end
  if state.burst + cost * crowd <= BURST then return 0, true end
  return math.ceil(state.next - NOW)
end

-- The same for all that a channel is bound by.
local function waitOf(c, tokens, crowd)
  local barred = barredOf(c)
  if barred > 0 then return barred end
  if c.con and stateOf(c).running >= c.con then return 1000 end
  return pacedOf(c, tokens, crowd)
end

-- The channel for a call, among those of the lowest priority number that may be asked now, by their weights;
-- nil and the shortest wait when there is none.
local function choose(channels, tokens, crowd)
  local best, tier, total, shortest = {}, nil, 0, nil
  for _, c in ipairs(channels) do
    local wait, early = waitOf(c, tokens, crowd)
    if wait > 0 then
      if not shortest or wait < shortest then shortest = wait end
    elseif not tier or c.pri <= tier then
      if tier and c.pri < tier then best, total = {}, 0 end
      tier = c.pri
      total = total + c.w
      best[#best + 1] = { c = c, early = early, upTo = total }
    end
  end
  if not tier then return nil, shortest or 1000 end
  -- The microseconds of the clock are as good as a die here.
  local pick = tonumber(clock[2]) % total
  for _, each in ipairs(best) do
    if pick < each.upTo then return each.c, each.early end
  end
  return best[#best].c, best[#best].early
end

-- Books a call: a lease, {id, slot, cost, early, probe, token, tokens booked}. A channel without limits keeps the same books: the day it is
-- given some, what is under way and what was asked in the last minute count.
local function take(c, tokens, early, id)
  local state = stateOf(c)
  local cost = costOf(c, tokens)
  local token = clock[1] .. '.' .. clock[2]
  redis.call('ZADD', GATE .. ':open', NOW + LEASE, id)
  redis.call('HSET', HOLDS, id, token)
  redis.call('ZADD', state.key .. ':open', NOW + LEASE, id)
  if c.con then
    redis.call('ZADD', state.key .. ':began', NOW, id)
    state.running = state.running + 1
  end
  local probe = 0
  if state.opened > 0 then
    probe = 1
    state.probe = id
    redis.call('HSET', state.key, 'probe', id)
  end
  local ring = state.key .. ':ring'
  local booked = tokensFor(c, tokens)
  state.requests = state.requests + 1
  state.tokens = state.tokens + booked
  if redis.call('HINCRBY', ring, 'r' .. SLOT, 1) == 1 then
    redis.call('PEXPIRE', ring, WINDOW * 2)
    if not c.con then
      -- Nobody asks for its places as long as it has no bound on them.
      redis.call('ZREMRANGEBYSCORE', state.key .. ':open', '-inf', NOW)
      redis.call('DEL', state.key .. ':began')
    end
  end
  redis.call('HINCRBY', ring, 't' .. SLOT, booked)
  if early then
    state.burst = state.burst + cost
    redis.call('HINCRBY', ring, 'b' .. SLOT, cost)
  elseif cost > 0 then
    state.next = math.max(state.next, NOW - SLACK) + gapOf(state, cost)
  end
  redis.call('HSET', state.key, 'swept', state.swept, 'requests', state.requests, 'tokens', state.tokens, 'burst', state.burst, 'next', math.floor(state.next))
  return { c.id, SLOT, cost, early and 1 or 0, probe, token, booked }
end

-- Whether the workers have hands free.
local function handsFree()
  return redis.call('ZCARD', GATE .. ':open') < (tonumber(redis.call('GET', GATE .. ':capacity')) or 0)
end
