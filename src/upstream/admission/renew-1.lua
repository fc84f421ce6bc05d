-- A worker's sign of life: renews its leases, and tells how many runs it can produce at once.
-- KEYS  1 gate
-- ARGV  1 worker  2 its capacity  3 leases [{run, holder, channel, subjects, token (absent: of a former release), call
--       ('due': it did not go out yet)}]
-- Returns the names of the pools where somebody waits.

-- One whose call is due may be a frozen worker's still, until it departs.
local function isTakenOver(lease)
  local current = lease.token and lease.call ~= 'due' and redis.call('HGET', HOLDS, lease.holder)
  return current and current ~= lease.token
end

for _, lease in ipairs(cjson.decode(ARGV[3])) do
  if not isTakenOver(lease) then
    redis.call('ZADD', GATE .. ':open', 'XX', NOW + LEASE, lease.holder)
    redis.call('ZADD', GATE .. ':channel:' .. lease.channel .. ':open', 'XX', NOW + LEASE, lease.holder)
    for _, subject in ipairs(lease.subjects) do redis.call('ZADD', GATE .. ':subject:' .. subject, 'XX', NOW + LEASE, lease.run) end
  end
end
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
  else
    redis.call('HDEL', GATE .. ':workers', workers[i])
  end
end
redis.call('SET', GATE .. ':capacity', total, 'PX', LEASE * 2)
return redis.call('HKEYS', GATE .. ':pools')
