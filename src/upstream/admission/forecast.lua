-- When the turn of a waiting run comes. Stands after fair-queue.lua; a part, not a step.
-- Bounds on what one answer looks at: calls under way in a channel (of eight times as many), pools.
local CALLS = 32
local POOLS = 20
-- How long calls hold their place in a channel that has not ended one yet, in ms.
local HELD = 5000

-- Of a channel with a bound on calls at once: how long they hold their places, in ms, as measured and as those show that
-- have gone on for longer; and when places become free: {ms from now, how many}.
local function placesOf(c)
  local state = stateOf(c)
  local began = redis.call('ZRANGE', state.key .. ':began', 0, CALLS * 8 - 1, 'WITHSCORES')
  local measured = state.held
  local held = measured or HELD
  for i = 2, #began, 2 do
    local age = NOW - tonumber(began[i])
    if age > held then held = measured and held + (age - held) / 16 or age * 2 end
  end
  -- The oldest end first. Where the bound was lowered, the first of them free no place.
  local listed = #began / 2
  local from = math.max(0, state.running - c.con)
  local free = { { at = 0, count = math.max(0, c.con - state.running) }, { at = held, count = math.max(0, math.min(c.con, state.running - math.max(listed, from))) } }
  local stride = math.max(1, math.ceil((listed - from) / CALLS))
  for i = from + 1, listed, stride do
    local left = held - (NOW - tonumber(began[i * 2]))
    free[#free + 1] = { at = left > 0 and left or math.min(1000, held / 10), count = math.min(stride, listed - i + 1) }
  end
  return held, free
end

-- What is known of a channel's next calls; nil when it serves none.
local function outlookOf(c, tokens)
  if c.paused then return nil end
  local cost = costOf(c, tokens)
  local outlook = { barred = barredOf(c) }
  if cost > 0 then
    outlook.paced, outlook.gap, outlook.aMinute = pacedOf(c, tokens, math.huge), gapOf(stateOf(c), cost), MINUTE / cost
  end
  if c.con then
    outlook.held, outlook.free = placesOf(c)
    local first = outlook.held
    for _, free in ipairs(outlook.free) do if free.count > 0 then first = math.min(first, free.at) end end
    outlook.barred = math.max(outlook.barred, first)
  end
  return outlook
end

-- How many calls a channel begins in the next ms: the fewer of what its minute and its places allow.
local function begunIn(ms, outlook)
  if ms < outlook.barred then return 0 end
  local begun = math.huge
  if outlook.gap then
    -- What a minute allows and nobody could use, as there was no place, is not made up for. In a minute a burst that slows the pace is over.
    local since = ms - math.max(outlook.paced, outlook.barred)
    begun = since < 0 and 0 or math.floor(math.min(since, WINDOW) / outlook.gap + math.max(0, since - WINDOW) * outlook.aMinute / WINDOW) + 1
    begun = math.max(begun, math.floor(math.floor((ms - outlook.barred) / WINDOW) * outlook.aMinute))
  end
  if not outlook.free then return begun end
  local places = 0
  for _, free in ipairs(outlook.free) do
    local at = math.max(free.at, outlook.barred)
    if ms >= at then places = places + free.count * (math.floor((ms - at) / outlook.held) + 1) end
  end
  return math.min(begun, places)
end

-- The ms until channels have begun so many calls.
local function untilBegun(outlooks, count)
  local function enough(ms)
    local sum = 0
    for _, outlook in ipairs(outlooks) do sum = sum + begunIn(ms, outlook) end
    return sum >= count
  end
  local low, high = 0, 1000
  if enough(0) then return 0 end
  while not enough(high) do
    if high >= FOREVER then return FOREVER end
    low, high = high, high * 2
  end
  while high - low > math.max(20, high / 100) do
    local middle = (low + high) / 2
    if enough(middle) then high = middle else low = middle end
  end
  return high
end

-- The ms between two services of a pool by its channels' minutes: measured where it was served for a while, else what they allow.
local function paceOf(p, channels, tokens)
  local v = redis.call('HMGET', GATE .. ':pool:' .. p .. ':rate', 'since', 'at', 'served')
  local since = tonumber(v[1])
  if since and NOW - since >= 2000 then
    local served = (tonumber(v[3]) or 0) * math.exp(((tonumber(v[2]) or NOW) - NOW) / MEMORY)
    if served >= 1 then return MEMORY * (1 - math.exp((since - NOW) / MEMORY)) / served end
  end
  local rate = 0
  for _, c in ipairs(channels) do
    local cost = costOf(c, tokens)
    if cost > 0 and not c.paused then rate = rate + 1 / gapOf(stateOf(c), cost) end
  end
  return rate > 0 and 1 / rate or 1000
end

-- How many of other pools, who wait for places of the same channels, go before the ticket at a place: pools take turns.
local function besides(p, channels, place)
  local pools = redis.call('HGETALL', GATE .. ':pools')
  local others = 0
  for i = 1, math.min(#pools, POOLS * 2), 2 do
    local shares = false
    for _, c in ipairs(channels) do shares = shares or (pools[i] ~= p and c.con and string.find(pools[i + 1], c.id, 1, true)) end
    if shares then
      local waiting = 0
      for _, count in ipairs(redis.call('HMGET', GATE .. ':depths', pools[i] .. ' interactive', pools[i] .. ' paid_interactive', pools[i] .. ' bulk', pools[i] .. ' paid_bulk')) do
        waiting = waiting + (tonumber(count) or 0)
      end
      others = others + math.min(place, waiting)
    end
  end
  return others
end

-- The ms until the ticket at a place is served. Where no channel is at work nothing is known of it: told is the longest wait that its tier accepts.
local function etaOf(ticket, channels, place)
  local p, tokens = ticket.pool, ticket.tokens
  local outlooks, bounded = {}, false
  for _, c in ipairs(channels) do
    outlooks[#outlooks + 1] = outlookOf(c, tokens)
    bounded = bounded or (c.con and not c.paused)
  end
  if #outlooks == 0 then return ticket.waitMs or FOREVER end
  if bounded then return math.ceil(untilBegun(outlooks, place + besides(p, channels, place))) end
  local c, wait = choose(channels, tokens, math.huge)
  local ahead = (place - 1) * paceOf(p, channels, tokens)
  -- However slow a burst has made the pace: in a minute the burst is over, and all of the allowance is there again.
  local aMinute = 0
  for _, outlook in ipairs(outlooks) do aMinute = aMinute + (outlook.aMinute or math.huge) end
  if aMinute < math.huge and aMinute > 0 then ahead = math.min(ahead, math.ceil(place / aMinute) * WINDOW) end
  return math.ceil((c and 0 or wait) + ahead)
end
