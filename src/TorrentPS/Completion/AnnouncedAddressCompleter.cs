using TorrentPS.Engine.Trackers;

namespace TorrentPS.Completion;

/// <summary>Completes the addresses of this machine by which peers may reach it.</summary>
public sealed class AnnouncedAddressCompleter : ChoiceCompleter
{
    internal override IEnumerable<(string Value, string ToolTip)> Choices => LocalAddressCompleter.Interfaces().Where(choice => IsValid(choice.Value));

    // Addresses that mean all of this machine's, and those with the number of an interface, have no meaning elsewhere.
    private static bool IsValid(string address)
    {
        try
        {
            AnnouncedAddress.Parse(address);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
