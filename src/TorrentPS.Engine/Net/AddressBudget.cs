using System.Net;

namespace TorrentPS.Engine.Net;

/// <summary>
/// A budget for the peers at one address, however often they connect: an amount that is available at once and then refills evenly. All addresses of an IPv6 /64 count as
/// one. Its own size is bounded.
/// </summary>
/// <param name="most">The maximum amount of an address.</param>
/// <param name="perSecond">The amount that is refilled per second.</param>
internal sealed class AddressBudget(double most, double perSecond)
{
    /// <summary>The maximum number of addresses remembered; beyond it, those that have used least are forgotten.</summary>
    public const int MaxAddresses = 1024;

    private readonly Dictionary<IPAddress, Account> _accounts = [];

    /// <summary>The number of addresses remembered.</summary>
    public int Count => _accounts.Count;

    /// <summary>Takes an amount from the budget of an address; false, without taking anything, if not enough is left.</summary>
    /// <param name="address">The address.</param>
    /// <param name="amount">The amount.</param>
    /// <param name="now">The torrent's clock, in seconds.</param>
    public bool TryTake(IPAddress address, double amount, double now)
    {
        IPAddress subscriber = AddressRules.SubscriberOf(address);
        if (!_accounts.TryGetValue(subscriber, out Account? account))
        {
            if (_accounts.Count >= MaxAddresses)
                Forget(now);
            _accounts.Add(subscriber, account = new Account { Left = most });
        }

        account.Left = Left(account, now);
        account.CountedAt = now;
        if (account.Left < amount)
            return false;
        account.Left -= amount;
        return true;
    }

    private double Left(Account account, double now) => Math.Min(most, account.Left + (now - account.CountedAt) * perSecond);

    private void Forget(double now)
    {
        (IPAddress Address, double Left) least = (IPAddress.None, -1);
        foreach ((IPAddress address, Account account) in _accounts)
        {
            double left = Left(account, now);
            if (left >= most)
                _accounts.Remove(address);
            else if (left > least.Left)
                least = (address, left);
        }

        if (_accounts.Count >= MaxAddresses)
            _accounts.Remove(least.Address);
    }

    private sealed class Account
    {
        public double Left;
        public double CountedAt;
    }
}
