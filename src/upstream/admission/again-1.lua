-- A run that was admitted asks for another call: its first one failed, or its lease ran out before it was used.
-- It had its turn in the queue, so it asks the channels only.
-- KEYS  1 gate
-- ARGV  1 run  2 channels  3 tokens
-- Returns {'admitted', lease...} | {'wait', ms}.
local channels = cjson.decode(ARGV[2])
local c, early = choose(channels, tonumber(ARGV[3]), 1)
if not c then return { 'wait', early } end
local lease = take(c, tonumber(ARGV[3]), early, ARGV[1])
return { 'admitted', lease[1], lease[2], lease[3], lease[4], lease[5] }
