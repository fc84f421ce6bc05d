-- Takes calls of an app out of its minute and its day, or none at all. The minute slides: what the last whole minute
-- took counts for as much of it as is still within 60 s. The day is Beijing's, as WeChat counts.
-- KEYS  1 budget of the app
-- ARGV  1 calls  2 most in a minute  3 most in a day  4 ms that WeChat itself said to stay away, 0 for none
-- Returns 0 where they were taken, else the ms until it is worth asking again.
local clock = redis.call('TIME')
local NOW = clock[1] * 1000 + math.floor(clock[2] / 1000)
local DAY = 86400000
local minute, day = math.floor(NOW / 60000), math.floor((NOW + 28800000) / DAY)
local untilDay = DAY - (NOW + 28800000) % DAY

local v = redis.call('HMGET', KEYS[1], 'minute', 'now', 'before', 'day', 'today', 'away')
local now, before, today, away = tonumber(v[2]) or 0, tonumber(v[3]) or 0, tonumber(v[5]) or 0, tonumber(v[6]) or 0
local known = tonumber(v[1]) or 0
if known ~= minute then
  before = known == minute - 1 and now or 0
  now = 0
end
if tonumber(v[4]) ~= day then today = 0 end

local stay = tonumber(ARGV[4])
if stay > 0 then
  if stay > untilDay then stay = untilDay end
  away = math.max(away, NOW + stay)
  redis.call('HSET', KEYS[1], 'away', away)
  redis.call('PEXPIRE', KEYS[1], DAY * 2)
end
if away > NOW then return away - NOW end

local calls = tonumber(ARGV[1])
if today + calls > tonumber(ARGV[3]) then return untilDay end
local passed = NOW % 60000
if before * (60000 - passed) / 60000 + now + calls > tonumber(ARGV[2]) then
  if now + calls > tonumber(ARGV[2]) then return 60000 - passed end
  return 250
end
redis.call('HSET', KEYS[1], 'minute', minute, 'now', now + calls, 'before', before, 'day', day, 'today', today + calls)
redis.call('PEXPIRE', KEYS[1], DAY * 2)
return 0
