-- Takes calls out of an app's minute and day and out of its user's share of both, or none at all of either. Minutes
-- slide: what the last whole minute took counts for as much of it as is still within 60 s. Days are Beijing's, as
-- WeChat counts.
-- KEYS  1 budget of the app  2 share of the user
-- ARGV  1 calls  2, 3 the app's most in a minute, in a day  4, 5 the user's  6 ms that WeChat itself said to stay away from the app, 0 for none
-- Returns {app, user}: 0, 0 where they were taken, else the ms until it is worth asking again, of whose budget is used up.
local clock = redis.call('TIME')
local NOW = clock[1] * 1000 + math.floor(clock[2] / 1000)
local DAY = 86400000
local minute, day = math.floor(NOW / 60000), math.floor((NOW + 28800000) / DAY)
local passed = NOW % 60000
local untilDay = DAY - (NOW + 28800000) % DAY

local function read(key)
  local v = redis.call('HMGET', key, 'minute', 'now', 'before', 'day', 'today', 'away')
  local known, now, before = tonumber(v[1]) or 0, tonumber(v[2]) or 0, tonumber(v[3]) or 0
  if known ~= minute then
    before = known == minute - 1 and now or 0
    now = 0
  end
  return { now = now, before = before, today = tonumber(v[4]) == day and tonumber(v[5]) or 0, away = tonumber(v[6]) or 0 }
end

-- The ms until so many calls may fit, 0 where they do.
local function wait(budget, calls, mostMinute, mostDay)
  if budget.today + calls > mostDay then return untilDay end
  if budget.before * (60000 - passed) / 60000 + budget.now + calls <= mostMinute then return 0 end
  return budget.now + calls > mostMinute and 60000 - passed or 250
end

local function take(key, budget, calls, keepMs)
  redis.call('HSET', key, 'minute', minute, 'now', budget.now + calls, 'before', budget.before, 'day', day, 'today', budget.today + calls)
  redis.call('PEXPIRE', key, keepMs)
end

local app = read(KEYS[1])
local stay = tonumber(ARGV[6])
if stay > 0 then
  app.away = math.max(app.away, NOW + math.min(stay, untilDay))
  redis.call('HSET', KEYS[1], 'away', app.away)
  redis.call('PEXPIRE', KEYS[1], DAY * 2)
end
if app.away > NOW then return { app.away - NOW, 0 } end

local calls = tonumber(ARGV[1])
local user = read(KEYS[2])
local userWaits = wait(user, calls, tonumber(ARGV[4]), tonumber(ARGV[5]))
if userWaits > 0 then return { 0, userWaits } end
local appWaits = wait(app, calls, tonumber(ARGV[2]), tonumber(ARGV[3]))
if appWaits > 0 then return { appWaits, 0 } end
if calls > 0 then
  take(KEYS[1], app, calls, DAY * 2)
  take(KEYS[2], user, calls, untilDay + 120000)
end
return { 0, 0 }
