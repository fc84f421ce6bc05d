-- A call is about to go out: the lease is from now on whose call it is, booked to the present half second.
-- KEYS  1 gate
-- ARGV  1 run  2 channel's id  3 slot of the lease  4 tokens booked  5 '1' if it was ahead of the pace  6 cost  7 token of the lease
--       8 how often the queue has handed the run to a worker (0: it never lay there)
-- Returns {slot, token}, or {} when the lease has run out or belongs to somebody else: it must be admitted again.
if not redis.call('ZSCORE', GATE .. ':open', ARGV[1]) then return {} end
local current = redis.call('HGET', HOLDS, ARGV[1])
-- Who had it before did call, or was about to.
local takenOver = current and current ~= ARGV[7]
if takenOver then
  local given, attempt = string.match(current, '^(.*)/(%d+)$')
  if given ~= ARGV[7] or tonumber(attempt) >= tonumber(ARGV[8]) then return {} end
end
local token = ARGV[7] .. '/' .. ARGV[8]
redis.call('HSET', HOLDS, ARGV[1], token)
-- A sign of life: the first of whoever took the lease over, as it was about to run out.
for _, open in ipairs({ GATE .. ':open', GATE .. ':channel:' .. ARGV[2] .. ':open' }) do redis.call('ZADD', open, NOW + LEASE, ARGV[1]) end

local slot = tonumber(ARGV[3])
local key = GATE .. ':channel:' .. ARGV[2]
local ring = key .. ':ring'
local isNew = takenOver or redis.call('HEXISTS', ring, 'r' .. slot) == 0
if slot == SLOT and not isNew then return { slot, token } end

-- The upstream counts the call of who had the lease before, too: this one is booked beside it.
local function book(kind, field, by)
  redis.call('HINCRBY', ring, kind .. SLOT, by)
  if isNew then redis.call('HINCRBY', key, field, by) else redis.call('HINCRBY', ring, kind .. slot, -by) end
end
book('r', 'requests', 1)
book('t', 'tokens', tonumber(ARGV[4]))
if ARGV[5] == '1' then book('b', 'burst', tonumber(ARGV[6])) end
redis.call('PEXPIRE', ring, WINDOW * 2)
return { SLOT, token }
