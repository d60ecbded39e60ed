using System.Management.Automation;
using System.Reflection;

namespace TorrentPS.Tests;

public sealed class SurfaceTests
{
    [Fact]
    public void The_module_matches_its_file() => Assert.Null(SurfaceFile.Difference("Module", Repository.Cmdlets.SelectMany(cmdlet => Lines(cmdlet.Key, cmdlet.Value)).Concat(OfTypes())));

    private static IEnumerable<string> Lines(string name, Type type)
    {
        CustomAttributeData cmdlet = Repository.Attributes<CmdletAttribute>(type).Single();
        yield return $"{name}{Facts(cmdlet, "DefaultParameterSetName", "SupportsShouldProcess", "ConfirmImpact")}";
        foreach (string alias in AliasesOf(type))
            yield return $"{name} has the alias {alias}";
        foreach (CustomAttributeData output in Repository.Attributes<OutputTypeAttribute>(type))
            yield return $"{name} writes {string.Join(", ", output.ConstructorArguments.SelectMany(Repository.Values))}{Facts(output, "ParameterSetName")}";
        foreach (PropertyInfo property in type.GetProperties())
        {
            foreach (string line in Lines($"{name} -{property.Name}", property))
                yield return line;
        }
    }

    private static IEnumerable<string> Lines(string name, PropertyInfo property)
    {
        CustomAttributeData[] parameters = [.. Repository.Attributes<ParameterAttribute>(property)];
        if (parameters.Length == 0)
            yield break;
        foreach (CustomAttributeData parameter in parameters)
        {
            yield return $"{name} <{TypeName(property.PropertyType)}>"
                + Facts(parameter, "ParameterSetName", "Position", "Mandatory", "ValueFromPipeline", "ValueFromPipelineByPropertyName", "ValueFromRemainingArguments", "DontShow");
        }

        foreach (string alias in AliasesOf(property))
            yield return $"{name} has the alias -{alias}";
        if (Repository.Attributes<SupportsWildcardsAttribute>(property).Any())
            yield return $"{name} takes wildcards";
        foreach (CustomAttributeData rule in property.GetCustomAttributesData().Where(attribute => IsRule(attribute.AttributeType)))
            yield return $"{name} has {rule.AttributeType.Name}({string.Join(", ", rule.ConstructorArguments.SelectMany(Repository.Values))})";
    }

    /// <summary>
    /// The module's own types that scripts get or name: jobs and enumerations. The others are the engine's, which the compiler compares with its own file.
    /// </summary>
    private static IEnumerable<string> OfTypes()
    {
        foreach (Type type in Repository.Cmdlets.Values.First().Assembly.GetExportedTypes())
        {
            if (type.IsEnum)
                yield return $"{type} is {string.Join(", ", Enum.GetNames(type))}";
            if (typeof(Job).IsAssignableFrom(type))
                yield return $"{type} is a {type.BaseType}";
            foreach (PropertyInfo property in typeof(Job).IsAssignableFrom(type) ? type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly) : [])
                yield return $"{type}.{property.Name} <{TypeName(property.PropertyType)}>";
        }
    }

    private static IEnumerable<string> AliasesOf(MemberInfo member) =>
        Repository.Attributes<AliasAttribute>(member).SelectMany(attribute => attribute.ConstructorArguments).SelectMany(Repository.Values).OfType<string>();

    private static bool IsRule(Type type) =>
        typeof(ValidateArgumentsAttribute).IsAssignableFrom(type) || typeof(ArgumentTransformationAttribute).IsAssignableFrom(type) || type.Name.StartsWith("Allow", StringComparison.Ordinal);

    private static string Facts(CustomAttributeData attribute, params string[] names)
    {
        string[] facts = [.. attribute.NamedArguments.Where(argument => names.Contains(argument.MemberName))
            .Select(argument => $"{argument.MemberName} {string.Join(", ", Repository.Values(argument.TypedValue))}").Order(StringComparer.Ordinal)];
        return facts.Length > 0 ? $" ({string.Join("; ", facts)})" : "";
    }

    private static string TypeName(Type type) => Nullable.GetUnderlyingType(type) is { } underlying ? $"{underlying.Name}?" : type.Name;
}
