using System.Net;

namespace TorrentPS.Engine.Net;

/// <summary>
/// What the peers at one address may cost us, however often they connect: so much at once, and then evenly. All addresses of an IPv6 /64 are
/// one. Of bounded size, whatever comes.
/// </summary>
/// <param name="most">What an address may have at once.</param>
/// <param name="perSecond">What comes back.</param>
internal sealed class AddressBudget(double most, double perSecond)
{
    /// <summary>Addresses that are remembered; beyond that those are forgotten that have taken least.</summary>
    public const int MaxAddresses = 1024;

    private readonly Dictionary<IPAddress, Account> _accounts = [];

    /// <summary>How many addresses are remembered.</summary>
    public int Count => _accounts.Count;

    /// <summary>Takes from what an address may have; false, and nothing is taken, when there is not so much left.</summary>
    /// <param name="address">The address.</param>
    /// <param name="amount">How much.</param>
    /// <param name="now">Seconds of the torrent's clock.</param>
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
