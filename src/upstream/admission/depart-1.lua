-- A call is about to go out: books it to the present half second, where it was admitted in an earlier one.
-- KEYS  1 gate
-- ARGV  1 run  2 channel's id  3 slot of the lease  4 tokens booked  5 '1' if it was ahead of the pace  6 cost
-- Returns the slot, or -1 when the lease has run out: it must be admitted again.
if not redis.call('ZSCORE', GATE .. ':open', ARGV[1]) then return -1 end
local slot = tonumber(ARGV[3])
if slot == SLOT then return slot end
local ring = GATE .. ':channel:' .. ARGV[2] .. ':ring'
if redis.call('HEXISTS', ring, 'r' .. slot) == 0 then return slot end
local function move(kind, by)
  redis.call('HINCRBY', ring, kind .. slot, -by)
  redis.call('HINCRBY', ring, kind .. SLOT, by)
end
move('r', 1)
move('t', tonumber(ARGV[4]))
if ARGV[5] == '1' then move('b', tonumber(ARGV[6])) end
return SLOT
