-- A run asks to be answered: admitted at once where a channel has room and nobody waits for it, else queued.
-- Asking twice is the same as once.
-- KEYS  1 gate
-- ARGV  1 ticket  2 channels  3 most tickets of a tenant  4 most of all  5 longest wait in ms  6 limits of the subjects [{name, open, queued}]
-- Returns {'admitted', lease...} | {'queued', place, eta in ms} | {'handed'}: it was admitted before
--   | {'full', ms until it may be let in} | {'limited', name of the subject}.
local ticket = cjson.decode(ARGV[1])
local channels = cjson.decode(ARGV[2])

if redis.call('HEXISTS', GATE .. ':tickets', ticket.runId) == 1 then
  local ahead = redis.call('LPOS', GATE .. ':flow:' .. ticket.pool .. ':' .. ticket.tenantId .. ':' .. ticket.flow, ticket.runId) or 0
  local place = placeOf(ticket, ahead, channels)
  return { 'queued', place, etaOf(ticket, channels, place) }
end
if redis.call('ZSCORE', GATE .. ':open', ticket.runId) or redis.call('ZSCORE', GATE .. ':open', ticket.runId .. '/hedge') then return { 'handed' } end

for _, limit in ipairs(cjson.decode(ARGV[6])) do
  local key = GATE .. ':subject:' .. limit.name
  redis.call('ZREMRANGEBYSCORE', key, '-inf', NOW)
  -- A clock that was set back keeps no dead run's place for all that time.
  for _, run in ipairs(redis.call('ZRANGEBYSCORE', key, NOW + LEASE + 1, '+inf')) do redis.call('ZADD', key, NOW + LEASE, run) end
  local open = redis.call('ZCARD', key) + (tonumber(redis.call('HGET', GATE .. ':waiting', limit.name)) or 0)
  if limit.open and open >= limit.open then return { 'limited', limit.name } end
end

if handsFree() and not isWaitedFor(channels) then
  local c, early = choose(besidesClaims(channels, ticket.tokens), ticket.tokens, 1)
  if c then
    for _, subject in ipairs(ticket.subjects) do redis.call('ZADD', GATE .. ':subject:' .. subject, NOW + LEASE, ticket.runId) end
    local lease = take(c, ticket.tokens, early, ticket.runId)
    endTurn(c, ticket.tokens)
    return { 'admitted', unpack(lease) }
  end
end

local flow = GATE .. ':flow:' .. ticket.pool .. ':' .. ticket.tenantId .. ':' .. ticket.flow
local place = placeOf(ticket, redis.call('LLEN', flow), channels)
local eta = etaOf(ticket, channels, place)
local gap = math.ceil(eta / place)
local own = tonumber(redis.call('HGET', GATE .. ':pool:' .. ticket.pool .. ':count', ticket.tenantId)) or 0
local all = tonumber(redis.call('HGET', GATE .. ':waiting', '')) or 0
if eta > tonumber(ARGV[5]) then return { 'full', math.ceil(math.max(gap, eta - tonumber(ARGV[5]))) } end
if own >= tonumber(ARGV[3]) or all >= tonumber(ARGV[4]) then return { 'full', math.ceil(gap * math.max(1, own / 8)) } end
for _, limit in ipairs(cjson.decode(ARGV[6])) do
  if limit.queued and (tonumber(redis.call('HGET', GATE .. ':waiting', limit.name)) or 0) >= limit.queued then return { 'limited', limit.name } end
end
push(ticket, ARGV[1], channels)
return { 'queued', place, eta }
