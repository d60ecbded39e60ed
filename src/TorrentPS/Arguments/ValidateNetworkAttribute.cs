using System.Management.Automation;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Net;

namespace TorrentPS.Arguments;

/// <summary>Accepts networks: addresses, ranges and prefixes.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class ValidateNetworkAttribute : ValidateEnumeratedArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void ValidateElement(object element)
    {
        try
        {
            AllowedAddresses.Parse($"{element}");
        }
        catch (FormatException exception)
        {
            throw new ValidationMetadataException(SafeText.Escape(exception.Message));
        }
    }
}
