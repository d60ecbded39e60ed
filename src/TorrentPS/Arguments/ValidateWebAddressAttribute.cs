using System.Management.Automation;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Values;

namespace TorrentPS.Arguments;

/// <summary>Accepts http and https addresses.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class ValidateWebAddressAttribute : ValidateEnumeratedArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void ValidateElement(object element)
    {
        if ((element is PSObject wrapped ? wrapped.BaseObject : element) is not Uri { IsAbsoluteUri: true, Scheme: "http" or "https" } uri || !UriHost.IsUsable(uri))
            throw new ValidationMetadataException(SafeText.Escape($"'{AddressText.Of($"{element}")}' is no web address. Give one that begins with http:// or https://."));
    }
}
