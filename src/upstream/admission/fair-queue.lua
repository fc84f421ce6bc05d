-- Who is next: start-time fair queueing over tenants by their weights. A tenant that comes new starts at the
-- present, not at the past that it did not use and not behind anybody's backlog. Inside a tenant weighted fair
-- queueing over its flows (a user's chats, a key's bulk calls): a flow's tag is when its first ticket would be done if
-- all who wait were served at once, each by its weight. So weight counts also among users who wait for one answer
-- each, and nobody is passed for ever: the present goes on with every service. Stands after budget.lua; a part, not a step.
-- Keys of a pool (the tickets that the same channels can serve), all under the gate's name:
--   :pools               hash  pool -> ids of its channels, while anybody waits in it
--   :pool:<p>            zset  tenant -> start tag
--   :pool:<p>:count      hash  tenant -> tickets waiting
--   :pool:<p>:weights    hash  tenant -> its weight
--   :pool:<p>:rate       hash  how fast it is served
--   :tenant:<p>:<t>      zset  flow -> finish tag of its first ticket
--   :tenant:<p>:<t>:tags hash  '' -> its present, '*' -> sum of the weights of the flows that wait, 'w/'flow -> each of
--                              them, 'f/'flow -> finish tag of its last service, where that is not past, '#' -> newcomers so far
--   :flow:<p>:<t>:<f>    list  run ids
--   :tags                hash  '' -> the present, '#' -> newcomers so far, over all pools; tenant@channel -> finish tag of
--                              the tenant's last service there, where that is not past
--   :tickets             hash  run id -> ticket
--   :waiting             hash  '' and every limited subject -> tickets waiting
--   :depths              hash  pool, blank, tier -> tickets waiting
local FOREVER = 3600000
-- The rate at which a pool is served is measured over about so many ms.
local MEMORY = 10000
-- What tags of newcomers differ by: far less than any work, far more than a rounding.
local ARRIVAL = 1e-6
-- Other pools of the same channels that a newcomer is compared with.
local NEIGHBOURS = 20
-- Tags that are past are dropped each time so many newcomers came.
local SWEEP = 64

local function present(tags, who)
  local v = redis.call('HMGET', tags, '', who)
  return math.max(tonumber(v[1]) or 0, tonumber(v[2]) or 0)
end

-- The share of its tenant's time that a ticket takes.
local function workOf(ticket)
  return math.max(ticket.tokens, 50)
end

-- Where a newcomer's tag falls among those who came at the same time: behind them, whatever it is called.
local function lateness(tags)
  return ((tonumber(redis.call('HGET', tags, '#')) or 0) + 1) * ARRIVAL
end

-- Whether one of these channels is among those of a pool, by its entry in :pools.
local function shares(ids, channels)
  for _, c in ipairs(channels) do
    if string.find(ids, c.id, 1, true) then return true end
  end
  return false
end

local function lowestIn(p)
  return tonumber(redis.call('ZRANGE', GATE .. ':pool:' .. p, 0, 0, 'WITHSCORES')[2])
end

-- The tag of the first who waits beside a newcomer to a pool: in the pool, or, where it is empty, for its channels, each
-- looked at alone: what waits for a slow one must not let it go before all who wait for a quick one. Nil when nobody waits.
local function firstBeside(p, channels)
  local first = lowestIn(p)
  if first then return first end
  local pools, looked, lowest = redis.call('HGETALL', GATE .. ':pools'), 0, {}
  for i = 1, #pools, 2 do
    local tag = looked < NEIGHBOURS and shares(pools[i + 1], channels) and lowestIn(pools[i])
    if tag then
      looked = looked + 1
      for _, c in ipairs(channels) do
        if shares(pools[i + 1], { c }) then lowest[c.id] = math.min(lowest[c.id] or tag, tag) end
      end
    end
  end
  for _, tag in pairs(lowest) do first = math.max(first or tag, tag) end
  return first
end

-- The start tag of a tenant that comes new to a pool. Channels that are slower than others fall behind the present,
-- which all share: there it starts beside the first who waits, not behind all of them. And only what it was served by
-- the same channels counts against it.
local function startOf(ticket, channels)
  local all = GATE .. ':tags'
  local fields = { '' }
  for i, c in ipairs(channels) do fields[i + 1] = ticket.tenantId .. '@' .. c.id end
  local v = redis.call('HMGET', all, unpack(fields))
  local start = tonumber(v[1]) or 0
  start = math.min(start, firstBeside(ticket.pool, channels) or start)
  for i = 2, #fields do start = math.max(start, tonumber(v[i]) or 0) end
  return start + lateness(all)
end

-- The start tag of a ticket's tenant and the finish tag of its flow's first ticket, as they are or would be if it came now.
local function tagsOf(ticket, channels)
  local p, t, f = ticket.pool, ticket.tenantId, ticket.flow
  local flows = GATE .. ':tenant:' .. p .. ':' .. t
  local tags = flows .. ':tags'
  local start = tonumber(redis.call('ZSCORE', GATE .. ':pool:' .. p, t))
  local finish = tonumber(redis.call('ZSCORE', flows, f))
  return start or startOf(ticket, channels), finish or present(tags, 'f/' .. f) + workOf(ticket) / ticket.flowWeight + lateness(tags), not start, not finish
end

-- The present, or the tag of the first who waits in any pool: what a slow channel serves is behind the present.
local function earliest()
  local first = tonumber(redis.call('HGET', GATE .. ':tags', '')) or 0
  for _, p in ipairs(redis.call('HKEYS', GATE .. ':pools')) do first = math.min(first, lowestIn(p) or first) end
  return first
end

-- Counts a newcomer, and drops now and then the tags that tell no more than that somebody comes new. mark: what is in their
-- names; past: the tag up to which they do.
local function countNewcomer(tags, mark, past)
  if redis.call('HINCRBY', tags, '#', 1) % SWEEP ~= 0 then return end
  local v = redis.call('HGETALL', tags)
  local now = past()
  for i = 1, #v, 2 do
    if string.find(v[i], mark, 1, true) and tonumber(v[i + 1]) <= now then redis.call('HDEL', tags, v[i]) end
  end
end

local function countWaiting(ticket, by)
  redis.call('HINCRBY', GATE .. ':waiting', '', by)
  local kind = ticket.pool .. ' ' .. (ticket.paid and 'paid_' or '') .. ticket.tier
  if redis.call('HINCRBY', GATE .. ':depths', kind, by) <= 0 then redis.call('HDEL', GATE .. ':depths', kind) end
  for _, subject in ipairs(ticket.subjects) do
    if redis.call('HINCRBY', GATE .. ':waiting', subject, by) <= 0 then redis.call('HDEL', GATE .. ':waiting', subject) end
  end
end

local function push(ticket, text, channels)
  local p, t, f = ticket.pool, ticket.tenantId, ticket.flow
  local flows, tags = GATE .. ':tenant:' .. p .. ':' .. t, GATE .. ':tenant:' .. p .. ':' .. t .. ':tags'
  if redis.call('ZCARD', GATE .. ':pool:' .. p) == 0 then
    local ids = {}
    for i, c in ipairs(channels) do ids[i] = c.id end
    redis.call('HSET', GATE .. ':pools', p, table.concat(ids, ','))
    redis.call('HSET', GATE .. ':pool:' .. p .. ':rate', 'since', NOW, 'at', NOW, 'served', 0)
  end
  local start, finish, newTenant, newFlow = tagsOf(ticket, channels)
  if newTenant then
    redis.call('ZADD', GATE .. ':pool:' .. p, start, t)
    countNewcomer(GATE .. ':tags', '@', earliest)
  end
  if newFlow then
    redis.call('ZADD', flows, finish, f)
    countNewcomer(tags, 'f/', function() return tonumber(redis.call('HGET', tags, '')) or 0 end)
    redis.call('HSET', tags, 'w/' .. f, ticket.flowWeight)
    redis.call('HINCRBYFLOAT', tags, '*', ticket.flowWeight)
  end
  redis.call('RPUSH', GATE .. ':flow:' .. p .. ':' .. t .. ':' .. f, ticket.runId)
  redis.call('HSET', GATE .. ':tickets', ticket.runId, text)
  redis.call('HINCRBY', GATE .. ':pool:' .. p .. ':count', t, 1)
  redis.call('HSET', GATE .. ':pool:' .. p .. ':weights', t, ticket.tenantWeight)
  countWaiting(ticket, 1)
end

-- Removes what an emptied flow, tenant or pool leaves behind.
local function tidy(p, t, f)
  local flows = GATE .. ':tenant:' .. p .. ':' .. t
  if redis.call('EXISTS', GATE .. ':flow:' .. p .. ':' .. t .. ':' .. f) == 0 then
    local tags = flows .. ':tags'
    local v = redis.call('HMGET', tags, '', 'f/' .. f, 'w/' .. f)
    redis.call('ZREM', flows, f)
    redis.call('HDEL', tags, 'w/' .. f)
    redis.call('HINCRBYFLOAT', tags, '*', -(tonumber(v[3]) or 0))
    if (tonumber(v[2]) or 0) <= (tonumber(v[1]) or 0) then redis.call('HDEL', tags, 'f/' .. f) end
  end
  if redis.call('HINCRBY', GATE .. ':pool:' .. p .. ':count', t, -1) <= 0 then redis.call('HDEL', GATE .. ':pool:' .. p .. ':count', t) end
  if redis.call('EXISTS', flows) == 1 then return true end
  redis.call('DEL', flows .. ':tags')
  redis.call('ZREM', GATE .. ':pool:' .. p, t)
  redis.call('HDEL', GATE .. ':pool:' .. p .. ':weights', t)
  if redis.call('EXISTS', GATE .. ':pool:' .. p) == 1 then return false end
  redis.call('HDEL', GATE .. ':pools', p)
  redis.call('DEL', GATE .. ':pool:' .. p .. ':rate')
  if redis.call('EXISTS', GATE .. ':pools') == 0 then redis.call('DEL', GATE .. ':tags') end
  return false
end

-- Whose turn it is in a pool {name, channels}: tenant and tag; nil when nobody waits.
local function head(pool)
  local first = redis.call('ZRANGE', GATE .. ':pool:' .. pool.name, 0, 0, 'WITHSCORES')
  return first[1] and { pool = pool, tenant = first[1], tag = tonumber(first[2]) } or nil
end

-- The ticket whose turn it is; looked up when it is asked for.
local function ticketOf(entry)
  if not entry.ticket then
    local p = entry.pool.name .. ':' .. entry.tenant
    local flow = redis.call('ZRANGE', GATE .. ':tenant:' .. p, 0, 0)[1]
    entry.text = redis.call('HGET', GATE .. ':tickets', redis.call('LINDEX', GATE .. ':flow:' .. p .. ':' .. flow, 0))
    entry.ticket = cjson.decode(entry.text)
  end
  return entry.ticket
end

-- Serves the head of a pool by a channel: it has paid with its share of time. pools: those of that channel.
local function pop(entry, c, pools)
  local ticket = ticketOf(entry)
  local p, t, f = ticket.pool, ticket.tenantId, ticket.flow
  local flows, tags = GATE .. ':tenant:' .. p .. ':' .. t, GATE .. ':tenant:' .. p .. ':' .. t .. ':tags'
  redis.call('LPOP', GATE .. ':flow:' .. p .. ':' .. t .. ':' .. f)
  redis.call('HDEL', GATE .. ':tickets', ticket.runId)
  local inner = tonumber(redis.call('ZSCORE', flows, f))
  local v = redis.call('HMGET', tags, '', '*')
  redis.call('HSET', tags, '', (tonumber(v[1]) or 0) + workOf(ticket) / math.max(1, tonumber(v[2]) or 1), 'f/' .. f, inner)
  local follower = redis.call('LINDEX', GATE .. ':flow:' .. p .. ':' .. t .. ':' .. f, 0)
  if follower then
    local nextTicket = cjson.decode(redis.call('HGET', GATE .. ':tickets', follower))
    redis.call('ZADD', flows, present(tags, 'f/' .. f) + workOf(nextTicket) / nextTicket.flowWeight, f)
  end
  -- A pool that waited for long, or that the asking node did not know for a while, is behind: the present goes on only.
  local own = t .. '@' .. c.id
  local v = redis.call('HMGET', GATE .. ':tags', '', own)
  local finish = math.max(entry.tag, tonumber(v[2]) or 0) + workOf(ticket) / ticket.tenantWeight
  redis.call('HSET', GATE .. ':tags', '', math.max(tonumber(v[1]) or 0, entry.tag), own, finish)
  for _, other in ipairs(pools) do redis.call('ZADD', GATE .. ':pool:' .. other, 'XX', 'GT', finish, t) end
  countWaiting(ticket, -1)
  tidy(p, t, f)
  local rate = GATE .. ':pool:' .. p .. ':rate'
  local v = redis.call('HMGET', rate, 'served', 'at')
  if v[2] then redis.call('HSET', rate, 'served', (tonumber(v[1]) or 0) * math.exp((tonumber(v[2]) - NOW) / MEMORY) + 1, 'at', NOW) end
end

-- Whoever waits for one of these channels was there before.
local function isWaitedFor(channels)
  local pools = redis.call('HGETALL', GATE .. ':pools')
  for i = 2, #pools, 2 do
    if shares(pools[i], channels) then return true end
  end
  return false
end
