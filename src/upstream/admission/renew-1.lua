-- A worker's sign of life: renews its leases, and tells how many runs it can produce at once.
-- KEYS  1 gate
-- ARGV  1 worker  2 its capacity  3 leases [{run, holder, channel, subjects, token (absent: of a former release), call
--       ('due': it did not go out yet; 'over': it was settled, and only its run goes on; absent: it is under way)}]
-- Returns the names of the pools where somebody waits.

-- One whose call is due may be a frozen worker's still, until it departs.
local function isTakenOver(lease)
  local current = lease.token and lease.call ~= 'due' and redis.call('HGET', HOLDS, lease.holder)
  return current and current ~= lease.token
end

local function stretch(key, id, isUnderWay)
  if isUnderWay then redis.call('ZADD', key, NOW + LEASE, id) else redis.call('ZADD', key, 'XX', NOW + LEASE, id) end
end

for _, lease in ipairs(cjson.decode(ARGV[3])) do
  if not isTakenOver(lease) then
    -- What is under way counts also where its lease was taken for lost meanwhile, while this Redis could not be reached.
    local isUnderWay = not lease.call
    if lease.call ~= 'over' then
      stretch(GATE .. ':open', lease.holder, isUnderWay)
      stretch(GATE .. ':channel:' .. lease.channel .. ':open', lease.holder, isUnderWay)
      if isUnderWay and lease.token then redis.call('HSET', HOLDS, lease.holder, lease.token) end
    end
    for _, subject in ipairs(lease.subjects) do stretch(GATE .. ':subject:' .. subject, lease.run, lease.call ~= 'due') end
  end
end
-- A clock that was set back keeps no dead worker's leases, nor its hands, for all that time.
for _, holder in ipairs(redis.call('ZRANGEBYSCORE', GATE .. ':open', NOW + LEASE + 1, '+inf')) do redis.call('ZADD', GATE .. ':open', NOW + LEASE, holder) end
if tonumber(ARGV[2]) > 0 then
  redis.call('HSET', GATE .. ':workers', ARGV[1], ARGV[2] .. ' ' .. (NOW + LEASE))
else
  redis.call('HDEL', GATE .. ':workers', ARGV[1])
end
local total = 0
local workers = redis.call('HGETALL', GATE .. ':workers')
for i = 1, #workers, 2 do
  local capacity, expires = string.match(workers[i + 1], '^(%d+) (%d+)$')
  if tonumber(expires) > NOW then
    total = total + tonumber(capacity)
    if tonumber(expires) > NOW + LEASE then redis.call('HSET', GATE .. ':workers', workers[i], capacity .. ' ' .. (NOW + LEASE)) end
  else
    redis.call('HDEL', GATE .. ':workers', workers[i])
  end
end
redis.call('SET', GATE .. ':capacity', total, 'PX', LEASE * 2)
return redis.call('HKEYS', GATE .. ':pools')
