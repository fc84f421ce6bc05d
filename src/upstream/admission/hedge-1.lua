-- A run whose first words are late asks for a second call beside the first. It goes out at once or not at all, and
-- takes nothing from whoever waits. Its lease has a name of its own; the run's subjects go on counting the run once.
-- KEYS  1 gate
-- ARGV  1 name of the lease  2 channels  3 tokens
-- Returns {'admitted', lease...} | {'no'}.
local channels = cjson.decode(ARGV[2])
if not handsFree() or isWaitedFor(channels) then return { 'no' } end
local c, early = choose(besidesClaims(channels, tonumber(ARGV[3])), tonumber(ARGV[3]), 1)
if not c then return { 'no' } end
local lease = take(c, tonumber(ARGV[3]), early, ARGV[1])
return { 'admitted', unpack(lease) }
